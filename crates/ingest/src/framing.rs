//! Cutting bytes into records and fields, chunk by chunk.
//!
//! The rules are those of RFC 4180 as the `csv` crate reads them: a quote opens a
//! field only as its first byte, a doubled quote inside is one quote, text after
//! the closing quote is kept, lines end in LF or CRLF, empty lines count for
//! nothing. A property test holds the two together. That crate is not used here
//! because it cannot give back a row as delivered, nor bound one.

/// The longest row, in bytes as delivered; a longer one is rejected.
pub const MAX_ROW_BYTES: usize = 4 * 1024 * 1024;

/// The bytes that part records into fields. Without them a record is a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Separators {
    pub(crate) delimiter: Option<u8>,
    pub(crate) quote: Option<u8>,
}

/// How the bytes came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The file is as long as it was when reading began.
    Complete,
    /// The file has grown: what follows the last line end is a row still being written.
    Growing,
}

/// A field within its record's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FieldSpan {
    start: usize,
    end: usize,
    quoting: Quoting,
}

/// What stands between a field's bytes and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    Bare,
    /// One quote before, one behind, none inside.
    Clean,
    /// Doubled quotes inside, or text after the closing one.
    Mixed,
}

/// What was cut off the front of the bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Framed<'a> {
    /// A whole record, without its line end.
    Record { raw: &'a [u8], line: u64, fields: &'a [FieldSpan] },
    /// A line longer than [`MAX_ROW_BYTES`]; `raw` is its beginning.
    TooLong { raw: &'a [u8], line: u64 },
    /// A line on which a quote opens that no later line closes within
    /// [`MAX_ROW_BYTES`]. Reading goes on with the next line, so that one stray
    /// quote costs one line.
    UnclosedQuote { raw: &'a [u8], line: u64 },
}

/// Cuts bytes into records.
pub(crate) struct Framer {
    separators: Separators,
    buffer: Vec<u8>,
    /// Where the record under way starts in `buffer`.
    start: usize,
    /// Where scanning goes on in `buffer`.
    scan: usize,
    state: State,
    field_start: usize,
    fields: Vec<FieldSpan>,
    /// The line on which the record under way starts, from 1.
    line: u64,
    /// Line ends inside the record under way.
    inner_lines: u64,
    end: Option<End>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Bare,
    Quoted,
    /// Behind a quote inside a quoted field: its end, or the first of a doubled one.
    Closed,
    /// As `Quoted` and `Closed`, where a doubled quote has been seen.
    QuotedMixed,
    ClosedMixed,
    /// Text behind the closing quote.
    BareMixed,
    /// Dropping the rest of a line that is too long.
    Skipping,
}

impl Framer {
    pub(crate) fn new(separators: Separators, line: u64) -> Self {
        Self {
            separators,
            buffer: Vec::new(),
            start: 0,
            scan: 0,
            state: State::FieldStart,
            field_start: 0,
            fields: Vec::new(),
            line,
            inner_lines: 0,
            end: None,
        }
    }

    /// Adds bytes behind those held.
    pub(crate) fn feed(&mut self, chunk: &[u8]) {
        self.buffer.drain(..self.start);
        self.scan -= self.start;
        self.field_start = self.field_start.saturating_sub(self.start);
        self.start = 0;
        self.buffer.extend_from_slice(chunk);
    }

    /// Says that no more bytes follow.
    pub(crate) fn finish(&mut self, end: End) {
        self.end = Some(end);
    }

    /// Whether the end was announced.
    pub(crate) fn is_finished(&self) -> bool {
        self.end.is_some()
    }

    /// The next record, or `None` where more bytes are needed or the end is reached.
    pub(crate) fn next(&mut self) -> Option<Framed<'_>> {
        loop {
            if self.state == State::Skipping {
                self.skip_line()?;
            }
            let limit = self.buffer.len().min(self.start + MAX_ROW_BYTES);
            let Some(line_end) = self.scan_to_line_end(limit) else {
                if limit == self.start + MAX_ROW_BYTES {
                    return Some(self.give_up());
                }
                return self.last();
            };
            let (start, line) = (self.start, self.line);
            let raw_end = self.close_record(line_end);
            self.begin_record(line_end + 1, line + self.inner_lines + 1);
            if raw_end > start {
                let raw = &self.buffer[start..raw_end];
                return Some(Framed::Record { raw, line, fields: &self.fields });
            }
        }
    }

    /// Scans on; gives the position of the line feed that ends the record.
    fn scan_to_line_end(&mut self, limit: usize) -> Option<usize> {
        if self.scan == self.start {
            self.fields.clear();
        }
        // Separators as numbers that no byte equals where there is none.
        let delimiter = self.separators.delimiter.map_or(u16::MAX, u16::from);
        let quote = self.separators.quote.map_or(u16::MAX, u16::from);
        let mut state = self.state;
        let mut at = self.scan;
        let mut found = None;
        while at < limit {
            let byte = u16::from(self.buffer[at]);
            let is_quote = byte == quote;
            let in_quotes = matches!(state, State::Quoted | State::QuotedMixed);
            if in_quotes {
                if is_quote {
                    state = if state == State::Quoted { State::Closed } else { State::ClosedMixed };
                } else if byte == u16::from(b'\n') {
                    self.inner_lines += 1;
                }
            } else if byte == u16::from(b'\n') {
                found = Some(at);
                break;
            } else if byte == delimiter {
                self.fields.push(FieldSpan {
                    start: self.field_start - self.start,
                    end: at - self.start,
                    quoting: state.quoting(),
                });
                self.field_start = at + 1;
                state = State::FieldStart;
            } else {
                state = match state {
                    State::FieldStart if is_quote => State::Quoted,
                    State::Closed | State::ClosedMixed if is_quote => State::QuotedMixed,
                    State::FieldStart | State::Bare => State::Bare,
                    _ => State::BareMixed,
                };
            }
            at += 1;
        }
        self.state = state;
        self.scan = at;
        found
    }

    /// Adds the last field of a record that ends before `end`; gives the end of
    /// its bytes. Carriage returns before the line end are part of it, however many:
    /// files that went through two systems have `\r\r\n`.
    fn close_record(&mut self, end: usize) -> usize {
        let last_field = &self.buffer[self.field_start..end];
        let returns = last_field.iter().rev().take_while(|byte| **byte == b'\r').count();
        let raw_end = end - returns;
        self.fields.push(FieldSpan {
            start: self.field_start - self.start,
            end: raw_end - self.start,
            quoting: self.state.quoting(),
        });
        raw_end
    }

    fn begin_record(&mut self, start: usize, line: u64) {
        self.start = start;
        self.scan = start;
        self.field_start = start;
        self.state = State::FieldStart;
        self.line = line;
        self.inner_lines = 0;
    }

    /// What remains behind the last line end.
    fn last(&mut self) -> Option<Framed<'_>> {
        let (start, line, length) = (self.start, self.line, self.buffer.len());
        if self.end? == End::Growing || start == length {
            return None;
        }
        if matches!(self.state, State::Quoted | State::QuotedMixed) {
            return Some(self.give_up());
        }
        let raw_end = self.close_record(length);
        self.begin_record(length, line);
        let raw = &self.buffer[start..raw_end];
        (raw_end > start).then_some(Framed::Record { raw, line, fields: &self.fields })
    }

    /// Rejects the first line of a record that found no end.
    fn give_up(&mut self) -> Framed<'_> {
        let (start, line) = (self.start, self.line);
        let held = &self.buffer[start..self.scan];
        let first_line = held.iter().position(|byte| *byte == b'\n');
        let unclosed = matches!(self.state, State::Quoted | State::QuotedMixed);
        match first_line {
            Some(length) => {
                self.begin_record(start + length + 1, line + 1);
                Framed::UnclosedQuote { raw: &self.buffer[start..start + length], line }
            }
            None => {
                let end = self.scan;
                self.begin_record(end, line);
                let raw = &self.buffer[start..end];
                if unclosed && raw.len() < MAX_ROW_BYTES {
                    Framed::UnclosedQuote { raw, line }
                } else {
                    self.state = State::Skipping;
                    Framed::TooLong { raw, line }
                }
            }
        }
    }

    /// Drops bytes up to and including the next line feed.
    fn skip_line(&mut self) -> Option<()> {
        let rest = &self.buffer[self.start..];
        match rest.iter().position(|byte| *byte == b'\n') {
            Some(length) => {
                self.begin_record(self.start + length + 1, self.line + 1);
                Some(())
            }
            None => {
                self.begin_record(self.buffer.len(), self.line);
                self.state = State::Skipping;
                None
            }
        }
    }
}

impl State {
    fn quoting(self) -> Quoting {
        match self {
            Self::Closed => Quoting::Clean,
            Self::ClosedMixed | Self::BareMixed | Self::QuotedMixed => Quoting::Mixed,
            _ => Quoting::Bare,
        }
    }
}

impl FieldSpan {
    /// The field's bytes where they stand in the record as they are; `None`
    /// where [`FieldSpan::unquote`] must take quotes out.
    pub(crate) fn direct(self) -> Option<std::ops::Range<usize>> {
        match self.quoting {
            Quoting::Bare => Some(self.start..self.end),
            Quoting::Clean => Some(self.start + 1..self.end - 1),
            Quoting::Mixed => None,
        }
    }

    /// Writes the field's bytes without its quotes behind `into`.
    pub(crate) fn unquote(self, raw: &[u8], quote: u8, into: &mut Vec<u8>) {
        let mut rest = &raw[self.start + 1..self.end];
        while let Some(at) = rest.iter().position(|byte| *byte == quote) {
            into.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
            match rest.first() {
                Some(next) if *next == quote => {
                    into.push(quote);
                    rest = &rest[1..];
                }
                // Closed: the rest is taken as it is.
                _ => break,
            }
        }
        into.extend_from_slice(rest);
    }

    /// Whether `position` in the record lies in this field.
    pub(crate) fn holds(self, position: usize) -> bool {
        (self.start..self.end).contains(&position)
    }
}

#[cfg(test)]
mod tests;
