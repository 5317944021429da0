# Messages in English. `fr.ftl` holds the same ids with the same variables: a test compares them.
#
# A diagnostic's message is named by its code. Its value tells what happened and where; `.help` the
# way out; `.otherwise` the way out where an argument of `.help` is empty.


### Errors

error-headline = error: { $message }
error-cause = cause: { $cause }
error-help = help: { $help }

usage-unknown-argument = there is no option `{ $argument }` here
usage-unknown-command = there is no command `{ $command }`
usage-missing-argument = { $argument } is missing
usage-missing-value = `{ $argument }` needs a value
usage-invalid-value = `{ $value }` is no value for `{ $argument }` (valid: { $valid })
usage-unreadable-value = `{ $value }` cannot be read as a value for `{ $argument }`
usage-twice = `{ $argument }` cannot be used like this: it stands twice or beside an option that excludes it
usage-did-you-mean = did you mean `{ $suggestion }`?
usage-see-help = `--help` shows what can be typed


### Help

help-usage-heading = Usage:
help-global-heading = Options of every command
help-commands-heading = Commands
help-command-placeholder = COMMAND
help-possible-values = [possible values: { $values }]
help-default-value = [default: { $value }]
help-help-flag = Print help
help-version-flag = Print version

help-vermeil = The records of many silos to one golden profile per customer, and every personal field under a key that can be destroyed
help-vermeil-format = How results are written to standard output
help-vermeil-log = How progress and errors are written to standard error
help-vermeil-lang = Language of messages; the locale's unless set
help-vermeil-pipeline = Folder of the pipeline, or its file
help-vermeil-verbose = Log more; twice, still more

help-demo = Write three silos of invented customers, run the whole pipeline on them, compare with the known truth
help-demo-dir = Folder to fill: new, empty, or of a former demo, which is replaced
help-demo-people = How many people to invent
help-demo-seed = The same seed gives the same customers

help-init = Write a new pipeline that runs at once on sample data
help-init-dir = Folder to fill: new or empty

help-check = Validate the pipeline and its policies and reach its sources; show fields, classes and contract
help-policy = Who may see what, and what for
help-policy-show = Show how each role sees each class of fields, for each purpose
help-plan-examples = Tell so many of the profiles that would merge, and of those that would part, with the records by which they would
help-plan-refresh-model = Plan with the model that `model refresh` would make now; it is not kept
help-plan = Show what `run` would read and change, and change nothing
help-run = Read the sources, find whose records are whose, publish golden profiles
help-run-until = Last stage to run
help-run-report = Write how records were matched as one HTML page, which works offline and shows no value of any record

help-status = Show the last runs, the sources and their lag, the quarantine, who opened what
help-query = Query what a role may see, in SQL
help-query-sql = The statement; from standard input if absent or `-`
help-query-role = Role to read as
help-query-purpose = Purpose of reading; without one nothing personal is opened

help-explain = Explain why two records were or were not linked, or why a profile is what it is
help-explain-left = Id of a profile or a record
help-explain-right = Id of another record
help-explain-svg = Write the evidence for and against the pair as a chart (SVG), which shows no value of either record
help-explain-role = Role to read as
help-explain-purpose = Purpose of reading; without one nothing personal is opened

help-review = Ask people about the pairs of records whose verdict is the least sure and decides on the most, best first
help-review-list = Only print the queue, by record ids and without a value
help-review-limit = Ask about, or print, so many at most
help-review-answers = Take answers from a CSV file (`-`: standard input) with the columns left, right, verdict (`same` or `different`) and reason: all of them or none
help-review-reason = Why, for every answer; else it is asked for. One line of at most 200 characters, kept in the clear: name no one
help-review-role = Role to read as
help-review-purpose = Purpose of reading; without one nothing personal is opened

help-merge = Decide that two profiles are one, whatever the evidence says; every later run follows it
help-merge-left = Id of a profile or a record
help-merge-right = Id of another
help-merge-reason = Why, in one line of at most 200 characters. It is kept in the clear and shown to whoever lists decisions: name no one, point to a ticket
help-split = Decide that records are not whom the rest of their profile is, whatever the evidence says
help-split-profile = Id of the profile
help-split-records = Ids of the records that leave it
help-split-reason = Why, in one line of at most 200 characters. It is kept in the clear and shown to whoever lists decisions: name no one, point to a ticket
help-never-link = Decide that two profiles or records are never one, whatever the evidence says
help-never-link-left = Id of a profile or a record
help-never-link-right = Id of another
help-never-link-reason = Why, in one line of at most 200 characters. It is kept in the clear and shown to whoever lists decisions: name no one, point to a ticket
help-undo = Lift a decision: what the evidence says holds again
help-undo-decision = Number of the decision, as `decisions` shows it
help-undo-reason = Why, in one line of at most 200 characters. It is kept in the clear and shown to whoever lists decisions: name no one, point to a ticket
help-decisions = List the decisions about who is who, those undone included

help-rectify = Set a value right: golden profiles show it from the next run on, whatever the sources deliver
help-rectify-id = Id of a profile or of one of its records; of a profile, the record whose value it shows is set right
help-rectify-field = Field of the schema, such as `email`; the value is read from standard input
help-rectify-withdraw = Withdraw what was set: the values of the sources survive again
help-rectify-reason = Why, in one line of at most 200 characters. It is sealed, and shown to whoever may open everything: name no one all the same, point to a ticket
help-rectify-role = Role to set it right as
help-rectify-purpose = Purpose of setting it right; it must open identifiers and the field's class

help-find = Find the records that hold a value, without opening any: an e-mail address, a phone number, an account number
help-find-field = Field of the schema, such as `email`; the value is read from standard input
help-find-role = Role to read as
help-find-purpose = Purpose of looking; it must open the field's class

help-resolve = Tell who somebody is by whatever is known of them: profiles with probabilities and reasons, milliseconds after the question
help-resolve-limit = Profiles in an answer at most
help-resolve-at-least = Least probability (such as 0.9) or weight (such as 3.5bits) of an answer; unless set, whoever is likelier than anyone at random
help-resolve-role = Role to ask as
help-resolve-purpose = Purpose of asking; it must open the classes of the fields that are asked with

help-quarantine = Rows that broke their contract
help-quarantine-ls = List them
help-quarantine-show = Show one as it was delivered
help-quarantine-show-id = Id of the row, from `quarantine ls`
help-quarantine-show-role = Role to read as
help-quarantine-show-purpose = Purpose of reading; it must open every personal class
help-quarantine-replay = Try all of them again, after the pipeline was mended

help-audit = Who opened what: the log of openings, and whether it is whole
help-audit-verify = Verify the log; exit code 1 if anything was changed, removed, added or moved
help-audit-verify-folder = Folder of the log; the pipeline's unless given
help-audit-verify-key = The public key, as `audit key` prints it, or a file that holds it; the pipeline's unless given
help-audit-verify-remembered = A checkpoint of the log that was kept elsewhere: shows that the log was not put back to an older state
help-audit-list = List openings of personal fields, the oldest first
help-audit-list-page = Only those that read this page of keys, or may have
help-audit-list-table = Only those of this table, such as `golden.profiles`
help-audit-list-since = Only those since this day or moment, such as 2026-11-01
help-audit-list-role = Role of the pipeline file to read as
help-audit-list-purpose = Purpose of reading; it must be `audit`, and granted to the role
help-audit-key = Print the public key that verifies the log
help-audit-expire = Delete the segments of old months; the rest is verified as before
help-audit-expire-before = The first month that stays, such as 2026-01; the newest segment always stays

help-dedupe = Find which rows of one file are one person or organisation, without a pipeline: CSV and its relatives, NDJSON, Parquet. Columns are understood by themselves; nothing is kept but the clusters
help-dedupe-file = File to read: a path or an object store's URL
help-dedupe-out = File to write: one line a row, in the file's order, with its key and its cluster
help-dedupe-id = Column that names the rows, and is no evidence; without it they go by their number. Rows of one key stay rows of their own
help-dedupe-map = Take a column for a field of `customer.v1`, whatever it looks like (`-`: do not compare it); repeatable
help-dedupe-block = Compare the rows that agree on these fields, such as `family_name:phonetic + birth_date:year`, and no others; repeatable. Without it rules are chosen that suit the columns
help-dedupe-exclusive = Column of which a cluster has one value at most, such as a registration number: rows with different ones never share a cluster, whatever else they have in common; repeatable. Values without a digit keep nothing apart
help-dedupe-report = Write how rows were compared as one HTML page, which works offline and shows no value of the file
help-dedupe-model = Compare by this model, written by `--save-model`, instead of estimating one
help-dedupe-risk = Add a column `risk` to the clusters: the probability that the row's cluster joins two who are not one. `evaluate` compares it with the truth
help-dedupe-save-model = Write the model that was compared by: numbers and names of fields, no value of the file
help-dedupe-threshold = Probability, above 0 and below 1, from which two rows are linked; 0.5 unless set

help-compare-names = Tell which pairs of names in a CSV file are one name, whatever their order, spelling and script
help-compare-names-file = CSV file with the columns `name1` and `name2`; a column `kind` or `schema` may say `person`, or what else the names are of
help-compare-names-out = File to write: each row's number, its likeness from 0 to 1, and whether that makes one name
help-compare-names-kind = What the names are of, where the file does not say it

help-synth = Write silos of invented customers with known truth
help-synth-people = How many people to invent
help-synth-out = Folder to write to; files of the same names are replaced
help-synth-seed = The same seed gives the same customers

help-evaluate = Compare clusters with a known truth: pairwise and B³ precision, recall and F1
help-evaluate-clusters = CSV file with the column of `--id` and the column `cluster`, as `dedupe` writes it (or `cluster_id`). A column `risk` of `dedupe --risk` is compared with the truth too
help-evaluate-truth = CSV file with the column of `--id` and the column `entity_id` (or `cluster_id`)
help-evaluate-id = Column that names the records, in both files
help-leak-scan = Search every file below any folder for given values, whatever they are encoded in; exit code 1 if one is found, 3 if something could not be searched
help-leak-scan-dir = Folder to search
help-leak-scan-values = Values to search for: one a line, or CSV (`label,value`), or NDJSON
help-leak-scan-write-corpus = Write a folder of planted values instead, to try this or another scanner on

help-serve = Answer over HTTP, and do on time what the pipeline's `schedule` says; the documentation is at /docs
help-serve-http = Address to listen at; port 0 takes a free one
help-serve-postgres = Address to answer clients of PostgreSQL at, with tokens as passwords and `vermeil.purpose` as the purpose; port 0 takes a free one
help-serve-tls-cert = Certificate in PEM, with those that lead to its authority
help-serve-tls-key = Private key of the certificate, in PEM
help-serve-insecure = Listen without TLS even where other machines can reach it, because something in front protects it
help-token = Hand out tokens for the services, list them, revoke them
help-token-create = Make a token, and print it: it is shown this once
help-token-create-actor = Account that asks with it, as the audit log names it
help-token-create-role = Role that it may ask in, of the policy files
help-token-create-expires-in = Days until it expires; without, it lasts until it is revoked
help-token-ls = List tokens, never their secrets
help-token-revoke = Revoke a token at once, in every process
help-token-revoke-number = Number of the token

help-erase = Erase a person: ask for it, have another account approve it, carry it out, prove it
help-erase-open = Open a request: everything about the person of a profile or record, or of the value of a field
help-erase-open-ids = Ids of profiles or records, each a request of its own
help-erase-open-field = Field that records are found by, such as `email`; the value is read from standard input
help-erase-open-dry-run = Only tell tables, rows, files and bytes; open no request
help-erase-approve = Approve a request that another account opened
help-erase-approve-number = Number of the request
help-erase-cancel = Call a request back that has not begun
help-erase-cancel-number = Number of the request
help-erase-run = Carry out approved requests, and go on with those that were cut off; exit code 1 while something is left
help-erase-run-numbers = Numbers of requests
help-erase-run-all = Every request that is due, in one rewrite
help-erase-status = Show requests, their steps, and what is left
help-erase-status-number = Number of one request
help-erase-certificate = Print the signed certificate of a complete request
help-erase-certificate-number = Number of the request
help-erase-flagged = List records that landed although someone erased has one of their contact points
help-erase-open-role = Role to erase as; it must open every class
help-erase-open-purpose = Purpose of erasing
help-erase-approve-role = Role to erase as; it must open every class
help-erase-approve-purpose = Purpose of erasing
help-erase-cancel-role = Role to erase as; it must open every class
help-erase-cancel-purpose = Purpose of erasing
help-erase-run-role = Role to erase as; it must open every class
help-erase-run-purpose = Purpose of erasing
help-erase-flagged-role = Role to erase as; it must open every class
help-erase-flagged-purpose = Purpose of erasing
help-prove = Verify a certificate of erasure, offline where the key is given
help-prove-certificate = The certificate
help-prove-public-key = Verifier key, or a file that holds it; the keyring's own where it is not given
help-request = Requests of data subjects: access, rectification, erasure, restriction, portability, objection
help-request-open = Open a request; a JSON object on standard input says who asks, such as `{ "{" }"email": "…"{ "}" }`, and for rectification in `set` what should stand where
help-request-open-kind = What is asked for
help-request-open-received = Day on which it was received, `YYYY-MM-DD`; today unless given
help-request-open-object-to = Objection: purpose objected to; every purpose that knows objection unless given
help-request-open-role = Role to deal with requests as; it must open every class
help-request-open-purpose = Purpose of dealing with requests
help-request-verify = Note that it is sure who asks, and look them up
help-request-verify-number = Number of the request
help-request-verify-method = How it was made sure
help-request-verify-subject = Id of a profile or record, where what they said names several people
help-request-verify-role = Role to deal with requests as; it must open every class
help-request-verify-purpose = Purpose of dealing with requests
help-request-pause = Stop the clock, for it is in doubt who asks
help-request-pause-number = Number of the request
help-request-pause-role = Role to deal with requests as; it must open every class
help-request-pause-purpose = Purpose of dealing with requests
help-request-resume = Let the clock run on
help-request-resume-number = Number of the request
help-request-resume-role = Role to deal with requests as; it must open every class
help-request-resume-purpose = Purpose of dealing with requests
help-request-extend = Extend the term by two months, within the first
help-request-extend-number = Number of the request
help-request-extend-reason = Why, in one line that names nobody; the person is told
help-request-extend-role = Role to deal with requests as; it must open every class
help-request-extend-purpose = Purpose of dealing with requests
help-request-hold = Hold an erasure: the person is restricted instead until the last day
help-request-hold-number = Number of the request
help-request-hold-reason = Why, in one line that names nobody; the person is told
help-request-hold-until = Last day, `YYYY-MM-DD`
help-request-hold-basis = Law that says so, such as "Code de commerce, art. L123-22"
help-request-hold-role = Role to deal with requests as; it must open every class
help-request-hold-purpose = Purpose of dealing with requests
help-request-release = End a hold: whether to erase is looked at again
help-request-release-number = Number of the request
help-request-release-role = Role to deal with requests as; it must open every class
help-request-release-purpose = Purpose of dealing with requests
help-request-refuse = Refuse a request
help-request-refuse-number = Number of the request
help-request-refuse-reason = Why, in one line that names nobody; the person is told
help-request-refuse-ground = What the law allows it for
help-request-refuse-role = Role to deal with requests as; it must open every class
help-request-refuse-purpose = Purpose of dealing with requests
help-request-cancel = Call a request back
help-request-cancel-number = Number of the request
help-request-cancel-role = Role to deal with requests as; it must open every class
help-request-cancel-purpose = Purpose of dealing with requests
help-request-approve = Approve an erasure that another account opened
help-request-approve-number = Number of the request
help-request-approve-role = Role to deal with requests as; it must open every class
help-request-approve-purpose = Purpose of dealing with requests
help-request-run = Carry a request out, or go on where it was cut off
help-request-run-number = Number of the request
help-request-run-to = Access and portability: folder to make, with the answer and its signed manifest
help-request-run-letter = Language of the letter; that of the messages unless given
help-request-run-role = Role to deal with requests as; it must open every class
help-request-run-purpose = Purpose of dealing with requests
help-request-link = Give a link with which the answer is taken away once from the service: access and portability
help-request-link-number = Number of the request
help-request-link-hours = Hours for which it can be used; `service.download_hours` unless given, and never more
help-request-link-letter = Language of the letter; that of the messages unless given
help-request-link-role = Role to deal with requests as; it must open every class
help-request-link-purpose = Purpose of dealing with requests
help-request-invite = Give a link with which whoever made a request sees, corrects, allows and asks, on a page of the service
help-request-invite-number = Number of a request of which it is sure whose it is
help-request-invite-hours = Hours for which it can be used; `service.subject_link_hours` unless given, and never more
help-request-invite-role = Role to give it as
help-request-invite-purpose = Purpose of giving it
help-request-lift = Lift a restriction of which the end was announced to the person
help-request-lift-number = Number of the request
help-request-lift-told = Day on which the person was told that it would be lifted
help-request-lift-role = Role to deal with requests as; it must open every class
help-request-lift-purpose = Purpose of dealing with requests
help-request-ls = List requests; what is late or nearly so stands out
help-request-ls-open = Only those that have not ended
help-request-show = Show one request and its steps
help-request-show-number = Number of the request
help-request-due = List what is due soon or overdue; exit code 3 if anything is overdue
help-prove-package = Folder with the answer to a request, whose files must be as they were signed
help-retention = Tell who is kept past their time; exit code 3 if anyone is
help-retention-open = Open an erasure for each of them, unless one is open
help-retention-role = Role to deal with requests as; it must open every class
help-retention-purpose = Purpose of dealing with requests
help-report = Generate the record of processing, or whom a breach concerns
help-report-ropa = The record of processing activities (Art. 30), from what runs
help-report-breach = Whom a breach concerns (Art. 33), from the log of who opened what
help-report-breach-keys = Page of keys that someone may have had; those that the log names unless given
help-report-breach-tables = Table that was opened; every one unless given
help-report-breach-from = Since when
help-report-breach-to = Until when
help-report-breach-role = Role to deal with requests as; it must open every class
help-report-breach-purpose = Purpose of dealing with requests

help-optimize = Merge small files, delete those nobody reads, tidy the logs of the lake
help-restore-drill = Try out a backup: whether, restored, it would tell of people who were erased after it
help-restore-drill-state = A copy of the state database as it was backed up; not changed
help-restore-drill-lake = The folder of the lake that belongs to it; not changed

help-model = Show and renew the match model: what agreement on each field is worth
help-model-show = Show the model that runs go by
help-model-refresh = Estimate a new model from all records; the next run goes by it
help-model-refresh-with-decisions = Learn from the pairs that people decided about too: what they merged is one, what they parted is two
help-model-refresh-dry-run = Only tell which profiles would merge and part

help-keys = Show, renew, hand over and destroy the generations of keys that all others rest on
help-keys-status = Show every generation, and how many keys lie under each
help-keys-rotate = Move all keys to a new generation, beside readers and runs; continues where it was cut off
help-keys-rewrap = Hand the keyring over to another key provider or another passphrase; everything opens as before
help-keys-rewrap-to = Copy of the pipeline file that names the new provider under `keyring.provider`; it takes the place of the old file afterwards
help-keys-destroy-generation = Destroy a generation that no key lies under any more: older backups of the state database then open no more
help-keys-destroy-generation-generation = Number of the generation, as `keys status` shows it
help-keys-destroy-generation-yes = Do not ask for the number to be typed once more

help-completions = Write a script that completes commands in a shell
help-completions-shell = The shell


### Results

yes = yes
total = total

span-seconds = { $number } s
span-minutes = { $number } min
span-hours = { $number } h
span-days = { $number } d

column-actor = actor
column-created-at = created
column-created-by = created by
column-expires-at = expires
column-revoked-at = revoked
column-status = status
column-token = token
column-author = author
column-because = because of
column-blocks = blocks
column-clusters = clusters
column-decided-at = decided
column-rectification = rectification
column-decided-pairs = decided pairs learnt from
column-decision = decision
column-joins = joins
column-kept-apart-by = kept apart by
column-kind = kind
column-largest-block = records of the largest
column-largest-cluster = records of the largest cluster
column-meaning = taken for
column-others = others
column-oversized-rule = rule with blocks too large, parted by one more field
column-pairs-per-record = pairs compared per record
column-peak-memory = peak memory, MiB
column-bits = bits
column-broken = broken
column-candidate-pairs = pairs compared
column-touched-records = records to compare
column-changed = changed
column-audit-log = audit log
column-class = class
column-class-contact = contact
column-class-demographic = demographic
column-drill-erasures = erasures in the ledger
column-drill-tags-unknown = tags that the backup lacked
column-drill-records-before = records of erased people readable as restored
column-drill-records-after = readable after the replay
column-drill-rows-after = rows left that name them
column-demo-before-withdrawal = before
column-demo-after-withdrawal = one of them withdraws
column-demo-erasure = and asks to be erased
column-demo-certificate = certificate, whose signature holds
column-demo-recipients = whoever received them
column-demo-looked-by = looked for
column-demo-before-erasure = before the erasure
column-demo-after-erasure = after it
column-class-identifier = identifier
column-class-plain = plain
column-class-sensitive = sensitive
column-classes = classes
column-code = code
column-column = column
column-core-dumps = core dumps
column-duplicates = duplicates
column-entries = entries read
column-entry = entry
column-evidence = evidence
column-expired = deleted months
column-erase-amplification = written for each byte that held
column-erase-approved-by = approved by
column-erase-attempts = attempts
column-erase-begun-at = begun
column-erase-bytes = megabytes that hold
column-erase-channel = part
column-erase-decisions = decisions about them
column-erase-ended-at = ended
column-erase-events = events
column-erase-final-after = final after
column-erase-flagged-at = landed
column-erase-held = held
column-erase-number = erasure
column-erase-opened-by = opened by
column-erase-place = where
column-erase-proven-at = proven
column-erase-quarantined = quarantined rows
column-erase-rewritten = megabytes rewritten
column-erase-searched = files searched
column-erase-status = status
column-erase-step = step
column-erase-tags = tags against coming back
column-erase-unreadable = unreadable after
column-erase-values = values to look for
column-erase-what = what is left
column-request-number = request
column-request-kind = kind
column-request-state = state
column-request-received = received
column-request-due = due
column-request-urgency = urgency
column-request-identity = identity
column-request-extended = extended, because
column-request-held = held
column-request-until = held until
column-request-refused = refused
column-request-made = made
column-request-bytes = bytes
column-request-digest = SHA-256
column-retention-until = last day
column-retention-persons = people
column-retention-overdue = kept too long
column-retention-relation = relation
column-retention-contact = last contact
column-retention-kept = to be kept until
column-processing-controller = controller
column-processing-prospects = prospects kept for
column-processing-customers = customers kept for
column-processing-purpose = purpose
column-processing-basis = legal basis
column-processing-fields = fields
column-processing-roles = opened by
column-processing-kept = kept for
column-breach-openings = openings
column-breach-cut-short = of these cut short
column-breach-accounts = accounts
column-breach-classes = classes
column-f1 = F1
column-false-merges = pairs joined wrongly
column-false-splits = pairs missed
column-field = field
column-file = file
column-files = files
column-files-after = files after
column-files-before = files before
column-files-deleted = files deleted
column-first-entry = number of the first
column-first-kept = first month that stays
column-first-seen = first seen
column-frequency-bits = for rarity
column-generation = generation
column-id = id
column-key-memory = keys in memory
column-key-pages = key pages
column-keyring = keyring
column-keys = keys
column-lag = lag
column-lake = lake
column-landed = landed
column-last-load = last load
column-level = agreement
column-line = line
column-links = pairs linked
column-loaded-at = loaded at
column-makes = what
column-measure = measure
column-loses = loses
column-merges = profiles merged
column-merges-with = merges with
column-model = match model
column-moment = since or until
column-new = new
column-new-column = new column
column-observed-at = observed at
column-opened-at = opened at
column-outcome = outcome
column-precision = precision
column-probability = probability
column-problem = problem
column-doubt = where it stands
column-expected-gain = expected gain
column-record-a = record A
column-record-b = record B
column-risk = risk
column-mean-risk = mean risk
column-false-share = false merges
column-profile = profile
column-profiles = profiles
column-profiles-after = profiles after the run
column-provider = provider
column-publication = publication
column-purpose = purpose
column-quarantined = quarantined
column-read = read
column-reason = reason
column-recall = recall
column-record = record
column-cluster-size = records in a cluster
column-iterations = steps
column-m = m: share among one person's pairs
column-u = u: share among other pairs
column-oversized = oversized blocks
column-pairs-in-them = pairs in them
column-pairs = pairs
column-prior = before any evidence
column-role-of-link = what it does
column-threshold = linked from
column-alternative = also said
column-bits-before = bits before
column-keeps = keeps
column-last-seen = last seen
column-records = records
column-replayed-at = replayed at
column-required = required
column-role = role
column-rows = rows
column-rule = rule
column-run = run
column-seconds = time
column-segments = segments
column-signed-entries = entries signed so far
column-since = since
column-sources = sources
column-source = source
column-splits = profiles split
column-stage = stage
column-started-at = started at
column-state = state
column-still-quarantined = still in quarantine
column-suppressed = suppressed
column-table = table
column-tried = tried
column-type = type
column-unchanged = unchanged
column-undone-at = undone
column-value = value
column-versions = versions
column-way-out = way out

stage-land = Landing sources
stage-prepare = Preparing records
stage-estimate = Estimating weights
stage-score = Comparing pairs
stage-cluster = Forming clusters
stage-publish = Publishing profiles

stage-synth-makes = rows of invented customers written
stage-land-makes = rows read, sealed and landed
stage-prepare-makes = records brought to comparable form
stage-estimate-makes = pairs the weights were estimated from
stage-score-makes = pairs compared
stage-cluster-makes = clusters formed
stage-publish-makes = golden profiles published
stage-write-makes = rows written with their cluster
stage-measure-makes = accounts compared with the truth
stage-erase-makes = records of one customer erased

outcome-running = running
outcome-done = done
outcome-over_limit = done, over the limit
outcome-failed = failed
outcome-refused = refused
outcome-interrupted = interrupted

progress-waiting = Waiting for another run on this lake
progress-rotating = Moving keys to a new generation

generation-current = current
generation-active = in use
generation-destroying = being destroyed
generation-lost = lost at its provider
generation-pending = destruction pending
generation-destroyed = destroyed
generation-unknown = unknown to the keyring

model-none = No match model is kept: that needs { $least } records. Until then every run estimates its own.
model-kept = Runs go by match model { $model }, estimated from { $records } records on { $at }.
model-does-not-fit = It does not fit what schema and pipeline compare now: the next run estimates another.
model-refreshed = Kept as match model { $model }: `vermeil run` publishes by it.
model-tried = Nothing was kept: `vermeil model refresh` without `--dry-run` keeps it.
run-model-new = { $model }, estimated by this run
run-model-kept = { $model }
keys-confirm = Whatever generation { $generation } opened will never open again, in any backup. Type { $generation } to destroy it:
keys-rotation-under-way = The rotation to generation { $generation } was cut off or is under way: { $pages ->
        [one] { $pages } key page is
       *[other] { $pages } key pages are
    } left. `vermeil keys rotate` continues.
keys-rotated = { $keys ->
        [one] { $keys } key
       *[other] { $keys } keys
    } in { $pages ->
        [one] { $pages } page
       *[other] { $pages } pages
    } moved to generation { $generation } in { $seconds }.
keys-destroyable = No key lies under generation { $generation } any more: `vermeil keys destroy-generation { $generation }` shuts every older backup of the state database.
keys-rewrapped = The keyring is held by the provider `{ $provider }` now: put the new pipeline file in the place of the old one. Copies of the keyring from before open as before; destroy them.
keys-destroyed = Generation { $generation } was destroyed at { $moment }. Backups of the state database from before its keys moved open no more.
keys-pending = Generation { $generation } opens nothing here any more. Its provider destroys it for good at { $moment }; until then its owner could take it back there.

run-up-to-date = Nothing changed since the last run: the published profiles stand.
run-quarantined = { $rows ->
        [one] { $rows } row
       *[other] { $rows } rows
    } of `{ $source }` in quarantine: { $code }
run-oversized-block = rule `{ $rule }`: { $blocks } blocks (the largest of { $records } records) hold { $pairs } pairs; of these only pairs that agree on one more field, and near neighbours, were compared
run-conflict = { $left } and { $right } are not one profile: { $wanted } joins them, { $forbidden } forbids it
run-quarantine-limit = More rows were quarantined than `quarantine.limit` tolerates: exit code 3. `vermeil quarantine ls` shows them.

decision-made = Decision { $decision } ({ $kind }) is about { $records ->
        [one] { $records } record
       *[other] { $records } records
    } and { $others ->
        [one] { $others } other
       *[other] { $others } others
    }. The next `vermeil run` follows it.
decision-undone = Decision { $decision } ({ $kind }) is undone. The next `vermeil run` goes by the evidence again.
rectification-set = Rectification { $rectification }: `{ $field }` of record { $record } is set. Golden profiles follow with the next `vermeil run`.
rectification-withdrawn = Rectification { $rectification }: `{ $field }` of record { $record } is withdrawn. Golden profiles follow the sources again with the next `vermeil run`.
rectification-kind-set = set
rectification-kind-withdrawn = withdrawn
decisions-none = Nothing was decided.
ground-decision = decision { $detail }
ground-exclusive = different values of { $detail }
ground-replaced = source { $detail }, which says that one was merged into the other
ground-proof = the same { $detail }
ground-ambiguous = { $detail }, which stands for several people
ground-proof_only = the rule that records of { $detail } join others by proof alone
ground-never_linked = the rule that records of { $detail } join nobody

dedupe-rejected = { $rows ->
        [one] { $rows } row
       *[other] { $rows } rows
    } could not be read and { $rows ->
        [one] is
       *[other] are
    } in no cluster: { $code }, first at line { $line }
match-warning = warning: { $message }
dedupe-written = The clusters are in { $file }.

meaning-record-key = record's key
meaning-source = source
meaning-answer = known answer
meaning-given-name = given name
meaning-middle-name = middle name
meaning-family-name = family name
meaning-birth-name = birth name
meaning-full-name = whole name
meaning-organisation-name = organisation
meaning-birth-date = birth date
meaning-birth-year = year of birth
meaning-birth-month = month of birth
meaning-birth-day = day of birth
meaning-birth-place = place of birth
meaning-birth-country = country of birth
meaning-email = e-mail
meaning-phone = phone
meaning-street = street
meaning-house-number = house number
meaning-address-extra = address, more
meaning-whole-address = whole address
meaning-postal-code = postal code
meaning-city = town
meaning-region = region
meaning-country = country
meaning-registration-number = registration number
meaning-vat-number = VAT number
meaning-national-id = identity number
meaning-loyalty-number = loyalty number
meaning-title = title
meaning-gender = gender
meaning-occupation = occupation
meaning-text = text
meaning-ignored = no evidence

because-name = its name
because-values = its values
because-values-against-name = its values, against its name
because-other-columns = the other columns
because-empty = it is empty
because-constant = it holds one value
because-told = told so

plan-nothing-changed = Nothing was landed or published.

check-source = { $source }: { $schema }, { $files ->
        [one] { $files } file
       *[other] { $files } files
    }
check-unmapped = columns that nothing maps: { $columns }
check-row = a run would quarantine { $problem }
check-note = note: { $note }
check-problem = problem: { $problem }
check-verdict = { $problems ->
        [0] No problem found.
        [one] { $problems } problem found.
       *[other] { $problems } problems found.
    }

policy-clear = clear
policy-audits = reads
policy-protected = protected
policy-absent = –
policy-legend = clear: the values themselves. protected: pseudonyms in place of ids, and generalised forms where the schema has them. Every purpose that does not stand beside a role is refused to it.

status-sources = Sources
status-runs = Last runs
status-quarantine = Waiting in quarantine
status-openings = Last openings of personal fields
status-core-dumps-off = off
status-core-dumps-left-to-program = left to the program that `kernel.core_pattern` names
status-core-dumps-on = on: a crash may write keys and personal values to disk
status-memory-lock-whole = locked
status-memory-lock-partial = locked up to { $kib } KiB (`ulimit -l`); what is beyond may be swapped to disk
status-memory-lock-refused = not locked: they may be swapped to disk

audit-fault = fault: { $message }
audit-note = note: { $message }
audit-verdict = { $faults ->
        [0] The log is as it was signed.
        [one] { $faults } fault: the log is not as it was signed.
       *[other] { $faults } faults: the log is not as it was signed.
    }
audit-nothing-opened = No such opening is in the log.

token-created = Token { $token } of { $actor } in role { $role }. It is not shown again:
token-revoked = Token { $token } of { $actor } in role { $role } is worth nothing any more.
tokens-none = no token was handed out
token-status-valid = valid
token-status-expired = expired
token-status-revoked = revoked

serve-listening = listening at { $address }
serve-listening-postgres = listening at { $address } for clients of PostgreSQL
serve-ended = ended: everything that was asked is answered

problem-malformed = The request is not understood.
problem-unauthenticated = Nobody is known by these credentials.
problem-forbidden = This role may not do this for this purpose.
problem-not-found = There is nothing of that name.
problem-method-not-allowed = Nothing answers to this method here.
problem-conflict = This cannot be done as things stand.
problem-too-large = The body is too large.
problem-unsupported-type = The body must be JSON.
problem-invalid = The request is understood, but cannot be followed.
problem-too-many = Too many requests.
problem-internal = Something failed in the service.
problem-unavailable = The service cannot answer now.
problem-timed-out = It took too long, and was given up.

serve-unprotected = { $address } can be reached from other machines, and there is no certificate
    .help = give `--tls-cert` and `--tls-key`; `--insecure` only where something in front protects it
serve-address = nothing can listen at { $address }: { $reason }
    .help = choose another address with `--http`, or end whoever listens there
serve-certificate = the certificate and its key cannot be used
    .help = both must be PEM, and the key that of the first certificate
serve-opendsr-key = the key or the domain of `opendsr` cannot be used
    .help = `opendsr.key` names a file with the RSA key of the certificate, in PEM
serve-issuer = `oidc.issuer` is { $address }, which anybody on the way could answer for
    .help = give an address that begins with `https://`
serve-broke-off = the service broke off: { $reason }
    .help = start it again; if it happens again, please report it
schedule-not-cron = `schedule.{ $job }` is no cron expression: { $expression }
    .help = five fields are expected, such as `0 3 * * *`: minute, hour, day, month, weekday, in UTC

erase-none = nobody was to be erased
erase-none-flagged = no record is flagged
erase-nothing-due = no request is approved
erase-certificate-sound = The certificate is as it was signed.
erase-status-open = open
erase-status-approved = approved
erase-status-running = running
erase-status-complete = complete
erase-status-cancelled = cancelled
erase-step-suppress = barred from coming back
erase-step-destroy-keys = keys destroyed
erase-step-rewrite = rewritten
erase-step-tell = recipients known
erase-step-prove = proven
erase-place-lake = lake
erase-place-state = state database
erase-place-audit = audit log
erase-trace-value = a value
erase-trace-id = an id or tag
erase-trace-key = a key
erase-trace-unknown-table = a table of a source that the pipeline names no more: it may hold anything
erase-trace-unreadable = cannot be opened: it may hold anything
erase-next-open = Nothing is erased yet: another account approves it with `vermeil erase approve { $number }`.
erase-next-approved = `vermeil erase run { $number }` carries it out.
erase-next-running = Erasure { $number } is not complete: remove what is left, then `vermeil erase run { $number }` goes on.
erase-next-waiting = Erasure { $number } is proven, and waits for recipients: `vermeil recipients retry` tells them again, `vermeil recipients receipt` enters an answer.
erase-next-complete = Erasure { $number } is complete and proven: `vermeil erase certificate { $number }`.
erase-next-cancelled = Erasure { $number } was called back.
erase-held-by = by request { $request } until { $until }
request-none = no request
request-overdue = OVERDUE
request-soon = due soon
request-standing = clock stands still
request-invitation-given = Whoever has this link sees and does what is theirs who made request { $request }. It works once, before { $expires }, and is not shown again:
request-link-given = Whoever has this link takes the answer of request { $request } away, once and before { $expires }. It is not shown again:
request-package-sound = The package is as it was signed.
retention-nobody-due = nobody is kept past their time
retention-prospect = prospect
retention-customer = customer
retention-next = `vermeil retention --open` opens an erasure for each; another account approves it.
request-step-export = answer written
request-step-restrict = restricted
request-step-object = objection in force
request-step-erase = erased
request-step-rectify = { $field } set right
request-kind-access = access
request-kind-rectification = rectification
request-kind-erasure = erasure
request-kind-restriction = restriction
request-kind-portability = portability
request-kind-objection = objection
request-state-identity_unverified = identity to be verified
request-state-pending = pending
request-state-approved = approved
request-state-in_progress = in progress
request-state-restricted = restricted
request-state-completed = completed
request-state-refused = refused
request-state-cancelled = cancelled
request-state-duplicate = duplicate
request-method-session = own session
request-method-code = returned code
request-method-in-person = in person
request-method-document = document shown
request-method-knowledge = knowledge
request-method-mandate = mandate
request-ground-identity = identity not proven
request-ground-unfounded = manifestly unfounded
request-ground-excessive = excessive
request-ground-rights-of-others = rights of others
request-ground-legal-obligation = legal obligation
request-ground-legal-claims = legal claims
request-ground-not-applicable = no ground of the article holds
request-ground-accurate = the data is accurate
request-next-identity_unverified = Nobody is looked up yet: `vermeil request verify { $number } --method …` once it is sure who asks.
request-next-pending = { $kind ->
        [erasure] { $held ->
            [true] `vermeil request run { $number }` restricts the person until the hold ends.
           *[false] Another account approves it with `vermeil request approve { $number }`.
        }
       *[other] `vermeil request run { $number }` carries it out.
    }
request-next-approved = `vermeil request run { $number }` carries it out.
request-next-in_progress = Request { $number } is not complete: `vermeil request run { $number }` goes on.
request-next-restricted = { $held ->
        [true] When the hold ends, `vermeil request release { $number }` has it looked at again.
       *[false] `vermeil request lift { $number } --told …` ends it, after the person was told.
    }
request-next-completed = Request { $number } is complete.
request-next-refused = Request { $number } was refused: tell the person why, and that they may complain.
request-next-cancelled = Request { $number } was called back.
request-next-duplicate = Request { $number } repeats request { $other }, which is open.
find-nothing = no record holds this value
resolve-ask = One question a line, as a JSON object: {"{"}"family_name": "…", "birth_date": "…"{"}"}. Ctrl-D ends.
resolve-line = Line { $line }: { $text }
resolve-nothing = nobody is found (records compared: { $compared })
resolve-not-compared = Matching does not go by: { $fields }
resolve-unpublished = not published yet
resolve-reopened = New profiles were published: the records are read anew.
query-rows = { $rows ->
        [one] ({ $rows } row)
       *[other] ({ $rows } rows)
    }

quarantine-empty = Nothing is in quarantine.
quarantine-row = The row as delivered:

explain-prior = before any evidence
explain-dependence = fields that say the same again
explain-linked = Linked: probability { $probability }, the threshold is { $threshold }.
explain-not-linked = Not linked: probability { $probability }, the threshold is { $threshold }.
explain-never-compared = No blocking rule brings the two together: they were never compared.
explain-rules = Compared because of: { $rules }
explain-same-profile = Both are in one profile.
explain-other-profiles = They are in different profiles.
explain-joined-by = Joined whatever the evidence says: { $grounds }
explain-kept-apart-by = Kept apart whatever the evidence says: { $grounds }
explain-link-weakest = the weakest of those that hold
explain-link-holding = holds the profile
explain-link-further = not needed
explain-rarity = Lighter: what the frequency of the value adds or takes away
explain-threshold = threshold: { $threshold }
explain-waterfall = Evidence for and against one person, in bits

review-kind-below = apart, near the threshold
review-kind-above = linked, one of those that hold
review-kind-weakest_link = linked, the weakest that holds
review-kind-bridge = apart, a bridge that was cut
review-shown = { $shown } of { $all }
review-heading = { $number } of { $all }: { $kind } (expected gain: { $gain })
review-record = { $letter }: record { $record } of `{ $source }`, in profile { $profile }
review-bridge = The pair alone would be linked, with a probability of { $probability }; but the pairs between both sides weigh { $bits } bits on average, and the join was refused.
review-joins = Now apart: one person would make one profile of { $sides } records.
review-parts = Now one profile: different people would part it into { $sides } records.
review-masked = (masked)
review-masked-note = Masked values are not for this role and purpose: `--role` and `--purpose` name others.
review-prompt = [s] same person, [d] different people, [k] skip, [q] quit:
review-key-same = s
review-key-different = d
review-key-skip = k
review-key-quit = q
review-not-a-key = This is none of the keys.
review-reason = Why? (Enter: { $reason })
review-usual-reason = seen in review
review-nothing = There is nothing left to review.
review-ended = { $decisions ->
        [one] { $decisions } decision was
       *[other] { $decisions } decisions were
    } taken. The next `vermeil run` follows what was decided.
review-contradicts-lines = this contradicts what stands before it in the file, on line { $lines }

page-written = Written: { $file }

report-title = How records were matched
report-no-value = This page shows counts, fields and rules, and no value of any record. It needs no network.
report-bits = { $bits } bits
report-weights = What each field tells
report-weights-note = Bits are log2(m / u): one bit more doubles the odds that two records are one person. What the frequency of a value adds or takes is not in them.
report-m-expected = m not learnt: what is usual is assumed
report-m-unused = no pair has both values
report-histogram = Pairs by weight
report-histogram-note = Each column holds the pairs of as many bits of evidence, on a logarithmic scale; pairs from the threshold on are linked.
report-histogram-sampled = Linked pairs are counted; the others are estimated from a sample.
report-histogram-counted = All pairs are counted.
report-sizes = Clusters by size
report-rules = What brought pairs together
report-rules-note = A pair that several rules bring together counts for each. In oversized blocks only pairs that agree on one more field, and near neighbours, were compared.
report-training = How the weights were learnt
report-training-note = One session of expectation maximisation for each rule. A session that did not settle teaches nothing.
report-lambda = share of matches among all pairs
report-converged = settled
report-not-converged = did not settle
explain-profile = Profile { $profile }
explain-risk = Risk that it joins different people: { $risk }
explain-erased = Its values were erased on { $at }.

measure-pairwise = pairs
measure-b3 = records (B³)
prevailing-false-merges = Joining different people is the more frequent error.
prevailing-false-splits = Leaving one person's records apart is the more frequent error.
prevailing-neither = Neither kind of error prevails.

evaluate-records = { $records ->
        [one] { $records } record of the truth
       *[other] { $records } records of the truth
    }
evaluate-bin = { $from } to { $to }%
evaluate-calibration = Of { $clusters ->
        [one] { $clusters } cluster
       *[other] { $clusters } clusters
    } of several records, { $expected } false merges were expected and { $observed } found; expected calibration error { $error }.
evaluate-unclustered = { $records ->
        [one] { $records } record of the truth is in no cluster; it counts as a cluster of its own.
       *[other] { $records } records of the truth are in no cluster; each counts as a cluster of its own.
    }
evaluate-unknown = { $records ->
        [one] { $records } clustered record is unknown to the truth and was left out.
       *[other] { $records } clustered records are unknown to the truth and were left out.
    }

compare-names-done = { $pairs ->
        [one] { $pairs } pair of names was compared
       *[other] { $pairs } pairs of names were compared
    }; one name: { $alike }. See { $out }.

synth-done = { $folder }: { $people } people and { $organisations } organisations with { $accounts } accounts; `truth.csv` tells whose is whose.

init-done = { $folder } holds a new pipeline: `pipeline.yaml`, who may see what in `policies`, and invented customers in `data`.

demo-marker = `vermeil demo` made this folder and replaces its data, lake and state when it runs here again.
demo-replaced = Replacing the former demo in { $folder }.
demo-stages = Three silos of invented customers to golden profiles
demo-accuracy = Compared with the known truth
demo-unpublished = { $accounts ->
        [one] { $accounts } account is in no profile; it counts as a profile of its own.
       *[other] { $accounts } accounts are in no profile; each counts as a profile of its own.
    }
demo-example = One golden profile of { $accounts } accounts from { $sources } sources, opened as role `{ $role }` for purpose `{ $purpose }`
drill-passed = The backup would serve nothing of whoever was erased.
drill-failed = The backup would serve people who were erased.
demo-ending = One customer leaves
demo-exported = { $profiles ->
        [one] { $profiles } profile
       *[other] { $profiles } profiles
    } exported to `{ $recipient }`
demo-withdrawn = and the address that was withdrawn is not among them
demo-withdrawn-in-vain = and the address that was withdrawn is STILL among them
demo-erased = request { $number }, { $records ->
        [one] { $records } record
       *[other] { $records } records
    }: unreadable after { $unreadable }, { $status } after { $seconds }; approved by a second account, as it must be
demo-rows = { $rows ->
        [0] nothing
        [one] { $rows } row
       *[other] { $rows } rows
    }
demo-rows-of-versions = { $rows ->
        [0] nothing
        [one] { $rows } row, { $keys } with a key
       *[other] { $rows } rows, { $keys } with a key
    } in { $versions } versions{ $refused ->
        [0] {""}
       *[other] , of which { $refused } can no longer be read
    }
demo-not-installed = not installed
demo-recipients-told = { $recipients ->
        [0] nobody
        [one] { $recipients } recipient is told, and answers
       *[other] { $recipients } recipients are told, and answer
    }
demo-by-pyarrow = pyarrow, every Parquet file of the lake
demo-by-duckdb = DuckDB, every Parquet file of the lake
demo-by-time-travel = time travel, every version of every table
demo-by-backup = the lake as it was before, put back

next-heading = What to type next:
next-check = what the pipeline reads, and what would stop it
next-run = from the sources to golden profiles
next-run-again = once more: nothing changed, so nothing lands
next-query-analyst = what an analyst sees: plain fields and pseudonyms
next-query-opened = the same people by name, under a grant; the audit trail keeps it
next-explain = why this profile is what it is
next-quarantine = the rows that broke their contract, and what to do about each
next-prove = whether the certificate of the erasure is as it was signed


### Diagnostics of the command line

cli-pipeline-missing = there is no pipeline at { $file }
    .help = `vermeil init DIR` makes one; `-p DIR` names another folder
cli-unreadable = could not read { $file }
    .help = check that it exists and that you may read it
cli-unwritable = could not write { $file }
    .help = check that the folder exists, that you may write there, and that the disk is not full
cli-schema-unknown = there is no schema `{ $name }`: it is neither shipped nor the file { $file }
    .help = shipped schemas are { $known }; a file is named relative to the pipeline's folder
cli-folder-taken = { $folder } is not empty
    .help = name a new or empty folder
cli-column-missing = { $file } has no column `{ $wanted }`
    .help = the first line of the file names its columns
cli-query-malformed = this is no question
    .help = a question is one JSON object on one line, names of fields with texts: {"{"}"email": "…"{"}"}
cli-row-malformed = { $file }:{ $line }: not a row of this table
    .help = every row must be UTF-8 and have as many fields as the header line
cli-record-twice = { $file }:{ $line }: the record of this line stands in the file a second time
    .help = name each record once
cli-risk-invalid = { $file }:{ $line }: the risk is none
    .help = a risk is a number from 0 to 1, as `vermeil dedupe --risk` writes it
cli-nothing-in-common = { $clusters } and { $truth } have no record in common
    .help = `record_id` must mean the same in both files
cli-not-an-id = { $argument } is not an id
    .help = ids are UUIDs such as 3f2b8c9e-0b1a-4c5d-9e8f-7a6b5c4d3e2f: `golden.members` holds them, and shows pseudonyms instead where no granted purpose is given
cli-no-terminal = there is no terminal to ask questions in
    .help = `--list` prints the queue; `--answers FILE` takes answers from a file
cli-answer-invalid = { $file }:{ $line }: { $column ->
        [verdict] the verdict is neither `same` nor `different`
        [reason] the reason is none
       *[other] { $column } is not an id
    }
    .help = { $column ->
        [verdict] nothing of the file was taken: write `same` or `different`
        [reason] nothing of the file was taken: a reason is one line of 1 to 200 characters that names no one
       *[other] nothing of the file was taken: `vermeil review --list` prints ids
    }
cli-answer-refused = { $file }:{ $line }: { $reason }
    .help = nothing of the file was taken: correct the line, or leave it out
answers-contradict = answer { $number } contradicts answers before it: { $others }
    .help = none was taken: leave one of them out
cli-not-confirmed = generation { $generation } was not confirmed: nothing was destroyed
    .help = type its number when asked, or add --yes
cli-audit-key = this is no key of an audit log
    .help = `vermeil audit key` prints it: a name, `+`, eight hexadecimal digits, `+`, and base64
cli-runtime = could not start working threads
    .help = the system limits how many threads or files a process may have: raise the limit
cli-input = could not read standard input
    .help = a statement is UTF-8 text: give it as an argument or by a pipe
cli-output = could not write to standard output
    .help = check where it is directed to, and that the disk is not full


### Diagnostics of pipeline and schema files

yaml-unknown-key-near = { $file }:{ $line }:{ $column }: unknown key `{ $key }`
    .help = did you mean `{ $nearest }`?
yaml-unknown-key = { $file }:{ $line }:{ $column }: unknown key `{ $key }`
    .help = remove it; `schemas/pipeline.schema.json` describes every key
yaml-invalid = { $file }:{ $line }:{ $column }: { $message }
    .help = mend the file at this place
pipeline-duplicate-source = { $file }: source `{ $source }` is defined twice
    .help = give one of the two another `id`
pipeline-no-key = { $file }: source `{ $source }` has an empty `key`
    .help = name the columns that identify a row, such as `key: [id]`
pipeline-replaced-by-mismatch = { $file }: `replaced_by` of source `{ $source }` must name as many columns as its `key`
    .help = name the columns that hold the key of the record that took its place, in the order of `key`
pipeline-unknown-source = { $file }: `{ $place }` names source `{ $source }`, which is not defined
    .help = define the source or correct the name
pipeline-out-of-range = { $file }: `{ $place }` is { $value }
    .help = it must lie in { $range }
pipeline-roles-moved = { $file }: `roles` is now written as policies, in files beside the pipeline file
    .help = remove `roles`; these two files say the same:
    { $policies }
schema-duplicate-field = { $file }: field `{ $field }` is defined twice
    .help = keep one of the two
schema-reserved-field = { $file }: field `{ $field }` has a name that the lake keeps for itself
    .help = give the field another name
schema-no-purpose = { $file }: personal field `{ $field }` declares no purpose
    .help = name what it may be used for, such as `purposes: [customer_care]`, or make its class `plain` if it is not personal
schema-unfit-generalisation = { $file }: field `{ $field }` cannot be generalised to `{ $to }`
    .help = `age_band` and `year` take personal dates, `department` postal codes, `masked_phone` phone numbers, `initial` personal texts
schema-unfit-group = { $file }: group `{ $group }` cannot hold `{ $field }`
    .help = name fields of the schema, each in one group, and in `core` fields of the group
schema-unknown-blocking-field = { $file }: blocking rule `{ $rule }` names `{ $field }`, which is no field
    .help = define the field or correct the rule

match-unknown-purpose = `{ $place }` names purpose `{ $purpose }`, which the policy files do not declare
    .help = declared are: { $declared }
golden-unfit-group = group `{ $group }` of golden profiles cannot hold `{ $field }` of schema `{ $schema }`
    .help = name fields of the schema, each in one group, and in `core` fields of the group, and none that `golden.fields` gives a rule of its own; `golden.groups` lifts a group of the schema with null
match-unknown-field = `{ $place }` names `{ $field }`, which schema `{ $schema }` does not have
    .help = did you mean `{ $nearest }`?
    .otherwise = name a field of the schema
match-unknown-comparison-field = `match.comparisons` names `{ $field }`, which schema `{ $schema }` does not have
    .help = did you mean `{ $nearest }`?
    .otherwise = name a field of the schema
match-unknown-blocking-field = blocking rule `{ $rule }` names `{ $field }`, which schema `{ $schema }` does not have
    .help = did you mean `{ $nearest }`?
    .otherwise = name a field of the schema
match-transform-does-not-fit = blocking rule `{ $rule }`: the transform does not fit field `{ $field }`
    .help = it needs a field whose normaliser is `{ $needed }`
match-nothing-compared = no field of schema `{ $schema }` is compared
    .help = give at least one field a `comparison` in the schema or under `match.comparisons`
match-no-blocking-rule = schema `{ $schema }` has no blocking rule
    .help = name at least one under `blocking` in the schema or under `match.blocking`
match-too-many-comparisons = { $count } fields are compared
    .help = at most { $limit } can be: set some to `null` under `match.comparisons`


### Diagnostics of `dedupe`

dedupe-file-missing = there is no file `{ $file }`
    .help = did you mean `{ $nearest }`?
    .otherwise = check the path
dedupe-file-empty = `{ $file }` is empty
    .help = it should hold a header line and rows, JSON objects a line each, or Parquet with plain columns
dedupe-bad-header = the first line of `{ $file }` cannot be read as names of columns
    .help = it should name the columns of delimited text in UTF-8 or Windows-1252
dedupe-unknown-column = `{ $option }` names `{ $column }`, which is no column of the file
    .help = did you mean `{ $nearest }`?
    .otherwise = without this option, `vermeil dedupe` shows the columns that it finds
dedupe-unknown-field = `--map` names `{ $field }`, which is no field
    .help = did you mean `{ $nearest }`?
    .otherwise = there are: { $fields }, and `-` for a column that is not to be compared
dedupe-threshold = the threshold is { $value }
    .help = it is a probability: above 0 and below 1
dedupe-no-rows = `{ $file }` has no row that can be read
    .help = below a header line there should be rows of as many fields
dedupe-nothing-compared = no column can be compared: each is empty, holds one value, or is no evidence
    .help = if one is, say so: `--map FIELD=COLUMN`
dedupe-too-many-rows = the file has more than { $most } rows
    .help = dedupe its parts
dedupe-model-malformed = line { $line }, column { $column }: this is no match model
    .help = `--save-model` writes one
dedupe-model-version = the match model has version { $found }, this program reads version { $known }
    .help = estimate it again with `--save-model`
dedupe-nothing-informative = no field tells who is who: the clusters mean little
    .help = more columns are needed; if one was misunderstood, say so with `--map`
dedupe-little-informative = only one field tells who is who ({ $fields }): the clusters are guesses
    .help = more columns are needed; if one was misunderstood, say so with `--map`
dedupe-large-cluster = the largest cluster holds { $largest } of { $records } records, which is hardly one person
    .help = look whether its rows share a value that many have, and leave that column out: `--map -=COLUMN`
dedupe-copies-apart = { $rows } rows say the same as an earlier row and are in another cluster
    .help = what many rows share tells little, and rows that say little stay apart; remove copies first if they are one
dedupe-repeated-keys = { $rows } rows have a key that an earlier row has; each stays a row of its own
    .help = name rows by a column without repetitions, or by none
dedupe-missing-keys = { $rows } rows have no key
    .help = without `--id` rows are named by their number
match-not-converged = estimation did not settle in its steps for the pairs of: { $rules }
    .help = what these pairs would have taught is left out; look at some clusters before using them, or give more records
match-lambda-not-converged = estimation did not settle on how many pairs are matches
    .help = probabilities may be off; look at some clusters before using them, or compare by a kept model
match-prior-kept = too few pairs tell how often records of one person agree on: { $fields }
    .help = what is usual for a field is assumed there; a blocking rule on other fields, or more records, would tell
match-model-outgrown = the match model was made of { $then } records, now there are { $now }
    .help = what was rare then may be common now; `vermeil model refresh --dry-run` tells what a new model would change
match-model-mismatch = the match model was made for other comparisons
    .help = use it for files of the same columns, or estimate another
cli-nothing-matched = there is nothing to report on: this run matched no records
    .help = leave out `--until`, or run again once a record has changed
cli-would-overwrite = { $file } is read, and would be written over
    .help = write to another file


### Diagnostics of policy files

policy-syntax = { $file }:{ $line }:{ $column }: { $message }
    .help = mend the file at this place; the language is Cedar: https://docs.cedarpolicy.com
policy-unknown-name = { $file }:{ $line }:{ $column }: there is no { $name }
    .help = did you mean { $nearest }?
    .otherwise = there are: { $known }
policy-invalid = { $file }:{ $line }:{ $column }: { $message }
    .help = { $hint }
    .otherwise = `read` has no context, `open` has `context.purpose`; of actors, roles, purposes and classes nothing is known but their names
policy-template = { $file }:{ $line }:{ $column }: a policy with a placeholder never applies
    .help = write a name instead of `?principal` or `?resource`
policy-duplicate-id = { $file }:{ $line }:{ $column }: another policy has the id `{ $id }`, too
    .help = give one of the two another `@id`
policy-names-missing = { $file } is missing: it declares the roles and purposes that policies speak of
    .help = it holds `entity Role enum ["…"];` and `entity Purpose enum ["…"];`
policy-names-invalid = { $file }: `{ $found }` is neither an enumeration of `Role` nor of `Purpose`
    .help = the file holds `entity Role enum ["…"];`, `entity Purpose enum ["…"];` and nothing else
policy-reserved-name = { $file }: `{ $name }` is a name that the system keeps for itself
    .help = give the role or purpose another name
policy-nobody-reads = no role is declared: nobody may query
    .help = `policies/names.cedarschema` declares roles, `policies/*.cedar` says what they see; `vermeil init` shows how
policy-role-reads-nothing = role `{ $role }` may not even read plain fields: its queries are refused
policy-role-opens-nothing = role `{ $role }` opens no personal field
policy-purpose-of-nobody = purpose `{ $purpose }` is granted to no role
policy-class-of-nobody = fields of class `{ $class }` are opened to nobody
policy-without-effect = { $file }:{ $line }:{ $column }: this policy never makes a difference
    .help = what it says is denied, permitted or forbidden already, or never asked for


### Diagnostics of sources

source-missing = there is no file `{ $path }`
    .help = check `path` of the source: it is relative to the pipeline's folder
source-missing-near = there is no file `{ $path }`
    .help = did you mean `{ $nearest }`?
source-empty = `{ $file }` is empty
    .help = deliver the file again, or remove it
source-bad-header = the header line of `{ $file }` cannot be read
    .help = check `delimiter`, `quote` and `encoding` of the source
source-other-delimiter = `{ $file }`: `{ $delimiter }` does not part the header line
    .help = did you mean `delimiter: "{ $likely }"`?
source-missing-column = `{ $file }` has no column `{ $column }`
    .help = correct the name under `columns` or `key` of the source
source-missing-column-near = `{ $file }` has no column `{ $column }`
    .help = did you mean `{ $nearest }`?
source-column-not-seen = no row at the beginning of `{ $file }` has `{ $column }`
    .help = if rows rightly leave it out, nothing is wrong; else correct the name under `columns` of the source
source-column-not-seen-near = no row at the beginning of `{ $file }` has `{ $column }`
    .help = did you mean `{ $nearest }`?
source-duplicate-column = `{ $file }` has more than one column `{ $column }`
    .help = rename one of them at the source, or name the columns under `header`
source-nested-column = column `{ $column }` of `{ $file }` is of type { $type }, which is no single value
    .help = map a column of single values
source-unreadable = could not read `{ $file }`: { $cause }
    .help = check permissions, credentials and network
source-truncated-parquet = the Parquet file `{ $file }` is cut off
    .help = deliver the file again: its end is missing
source-invalid-parquet = `{ $file }` is no valid Parquet file
    .help = check `format` of the source, or deliver the file again
source-changed = `{ $file }` changed while it was read
    .help = run again when the file is complete; nothing of it was landed twice
source-bad-location = `{ $path }` is no place to read from: { $cause }
    .help = `path` takes a file, a folder with `*` in the last segment, or a URL such as s3://bucket/file.csv
source-unknown-encoding = there is no encoding `{ $encoding }`
    .help = use a label such as `utf-8`, `windows-1252` or `iso-8859-15`
source-bad-separator = `{ $value }` cannot be the { $role ->
        [delimiter] delimiter
        [quote] quote
        [decimal] decimal mark
       *[other] { $role }
    }
    .help = use one character that is one byte in the source's encoding, ends no line and separates nothing else
source-unknown-field = schema `{ $schema }` has no field `{ $field }`
    .help = correct the name under `columns`, `constants` or `contract` of the source
source-unknown-field-near = schema `{ $schema }` has no field `{ $field }`
    .help = did you mean `{ $nearest }`?
source-bad-date-format = `{ $format }` cannot read a date for `{ $field }`
    .help = use a pattern such as `%d/%m/%Y` or `%Y-%m-%d %H:%M:%S`
source-unused-format = `{ $field }` is neither a date nor a timestamp and takes no `format`
    .help = remove `format` from its mapping
source-bad-constant = the constant for `{ $field }` is not of its type
    .help = the field takes: { $expected }
source-mapped-and-constant = `{ $field }` stands under `columns` and under `constants`
    .help = keep one of the two
source-required-not-mapped = the contract requires `{ $field }`, which no column is mapped to
    .help = map a column to it, or remove it from `contract.required`


### Diagnostics of rows

too-few-fields = { $found } fields, the header line has { $expected }
    .help = look for a missing delimiter, or a line break inside a field without quotes
too-many-fields = { $found } fields, the header line has { $expected }
    .help = look for a delimiter inside a field without quotes
unclosed-quote = a quote is opened and not closed before the end of the file
    .help = close it, or double a quote that is part of the value
row-too-long = the row is longer than { $most } bytes
    .help = look for an unclosed quote or a missing line end
field-too-long = column `{ $column }` holds { $bytes } bytes, { $most } are allowed
    .help = shorten the value, or raise `contract.max_field_bytes`
nul-byte = column `{ $column }` holds a NUL byte
    .help = remove it at the source: text never holds one
line-nul-byte = the line holds a NUL byte
    .help = remove it at the source: text never holds one
invalid-encoding = column `{ $column }` is not valid { $encoding }
    .help = check `encoding` of the source, or deliver the row again
line-invalid-encoding = the line is not valid { $encoding }
    .help = check `encoding` of the source, or deliver the row again
not-json = the line is no JSON from character { $position } on
    .help = write one JSON object on a line of its own
not-an-object = the line is JSON, but no object
    .help = write one JSON object on a line of its own
missing-key = column `{ $column }` of the key is empty
    .help = a row without its key cannot be told from others: fill it at the source
missing-subject = column `{ $column }` is empty, so nobody knows whom the event happened to
    .help = fill it at the source
missing-required = column `{ $column }` for `{ $field }` is empty
    .help = fill it at the source, or remove the field from `contract.required`
number-too-long = column `{ $column }` holds a number of more digits than can be kept
    .help = deliver it as text
not-a-value = column `{ $column }` holds a list or an object, not a single value
    .help = map a value inside it, such as `{ $column }.name`
not-an-integer = column `{ $column }` holds no whole number
    .help = expected is a value such as { $expected }
not-a-number = column `{ $column }` holds no number
    .help = expected is a value such as { $expected }; `decimal` of the source sets the decimal mark
not-a-date = column `{ $column }` holds no date
    .help = expected is { $expected }; the mapping's `format` sets the pattern
not-a-timestamp = column `{ $column }` holds no moment
    .help = expected is { $expected }; the mapping's `format` sets the pattern
not-a-boolean = column `{ $column }` holds neither yes nor no
    .help = expected is one of: { $expected }
conflicting-rows = another row of this load has the same key ({ $columns }) and other content
    .help = nobody can tell which one counts: deliver one of them, or map `updated_at`


### Diagnostics of keys

keyring-missing = there is no keyring { $path }
    .help = restore it from its backup; without it nothing sealed can be opened
keyring-exists = there is a keyring { $path } already
    .help = it is never overwritten: name another file under `keyring`
keyring-too-open = others may read the keyring { $path } (mode { $mode })
    .help = chmod 600 { $path }
keyring-unreadable = could not read the keyring { $path }: { $reason }
    .help = check that you may read it
keyring-unwritable = could not write the keyring { $path }: { $reason }
    .help = check that the folder exists, that you may write there, and that the disk is not full
keyring-unknown-format = the keyring { $path } has format { $found }, this version knows { $known }
    .help = use a newer vermeil
keyring-malformed = the keyring { $path } is damaged: { $what }
    .help = restore it from its backup
keyring-unknown-generation = keyring { $keyring } has no generation { $generation }
    .help = this is another or an older keyring than the one that sealed: restore the right one from its backup
keyring-refused = keyring { $keyring } does not open what its generation { $generation } should have sealed
    .help = the key pages or the keyring were changed or belong elsewhere: restore both from one backup
keyring-busy = another process has been writing the keyring { $path } for a minute
    .help = wait until it has ended, and try again
keyring-exchanged = the file { $path } holds keyring { $found } now, no longer { $expected }
    .help = put the right keyring back, and try again
keyring-other-provider = the keyring { $path } is held by the provider `{ $expected }`, the pipeline file names `{ $given }`
    .help = name `{ $expected }` under `keyring.provider`
keyring-garbled = the key provider of keyring { $keyring } gives back something else for { $secret } than it was given
    .help = check that the address leads to your key management service and to nothing in between, and try again
keyring-destroyed-generation = generation { $generation } of keyring { $keyring } was erased on { $since }: what it sealed opens no more
    .help = nothing can bring it back; restore no backup from before that day
keyring-lost-generation = the key provider of keyring { $keyring } no longer has the key of generation { $generation }
    .help = have it restored there; if it was destroyed on purpose, what it sealed opens no more
keyring-current-generation = generation { $generation } of keyring { $keyring } is the newest and cannot be destroyed
    .help = rotate the keys first
keyring-destruction-open = generation { $generation } of keyring { $keyring } is not destroyed yet
    .help = destroy it to the end first: only the provider that holds its key can do that
keyring-secret-missing = the environment variable { $variable }, which the keyring needs, is not set
    .help = set it, or name another under `keyring.provider`
keyring-secret-malformed = the environment variable { $variable } holds no key
    .help = expected are 32 bytes in base 64, such as `openssl rand -base64 32` prints
keyring-authority-unreadable = could not read the authorities in { $file }: { $reason }
    .help = check `authority` under `keyring.provider`
key-provider-refused = { $provider ->
        [passphrase] the passphrase does not open the keyring
       *[other] the key given for provider `{ $provider }` does not open the keyring
    }
    .help = give the one it was made with; if it is right, the file was changed: restore it from its backup
key-provider-key-gone = the key provider has no key `{ $key }`
    .help = have it restored there, or check that the address, the prefix and the account are those the keyring was made with
key-provider-unavailable = the key provider { $address } cannot be used now: { $reason }
    .help = check its address, that it runs and is unsealed, and try again: nothing is lost
key-provider-denied = the key provider { $address } denies access
    .help = check that the credentials are right and not expired, and that they allow to make, use and delete keys
key-provider-garbled = the key provider { $address } gives an answer that makes no sense: { $what }
    .help = check that the address leads to your key management service and to nothing in between, and try again
key-provider-misconfigured = the key provider { $address } cannot be used as it is set up: { $problem ->
        [no_url] its address is no URL
        [plain_http] its address begins with http:// and leads to another machine
        [no_certificates] the certificates of its authority are no PEM file
        [no_credentials] the credentials cannot be sent as they are
        [no_mount] there is no transit engine at this mount
        [unsuitable_key] a key of this name is there already, and is of another kind
        [no_module] the PKCS#11 module cannot be loaded
       *[no_token] there is no token of this label
    }
    .help = correct `keyring` of the pipeline file, or the service
key-page-damaged = key page { $page } is damaged
    .help = restore the state database from its backup
keyring-outdated = the keyring ends at generation { $generation }, but keys have been moved to a later one
    .help = restore the latest backup of the keyring
key-generation-in-use = generation { $generation } is still in use; key pages under it: { $pages }
    .help = `vermeil keys rotate` moves them to the newest generation
sealed-newer = a value was sealed by a newer version
    .help = use a newer vermeil
sealed-refused = a sealed value does not open: { $reason }
    .help = it was changed, or moved from another place: restore the table from a backup


### Diagnostics of the state database

state-newer = the state database { $database } has version { $found }, this version knows { $known }
    .help = use a newer vermeil
state-unwritable = could not write the state database { $database }: { $reason }
    .help = check that the folder exists, that you may write there, and that the disk is not full
state-disk-full = the disk of the state database { $database } is full
    .help = make room and run again: nothing was lost
state-busy = the state database { $database } is held by another process
    .help = wait until it has ended, and try again
state-damaged = the state database { $database } is damaged, or no state database: { $reason }
    .help = restore it from its backup; without its keys nothing sealed can be opened
state-wrong-keyring = the state database { $database } belongs to keyring { $expected }, given was { $given }
    .help = name the right file under `keyring`, or another under `state`
state-wrong-tenant = the state database { $database } belongs to tenant `{ $expected }`, given was `{ $given }`
    .help = correct `name` of the pipeline file, or name another file under `state`
state-ahead-of-lake = load { $load } of source `{ $source }` was confirmed, but the lake ends at load { $lake }
    .help = restore lake and state database of the same moment
state-behind-lake = the lake holds load { $lake } of source `{ $source }`, of which the state database { $database } knows nothing
    .help = restore the state database from its backup; without its keys nothing in the lake can be opened
state-out-of-turn = { $what ->
        [load] load
        [run] run
        [publication] publication
        [erasure] erasure
        [token] token
        [job] job
        [request] request
        [notice] notice
       *[other] { $what }
    } { $number } is not open: it never began, has ended, or was overtaken by another process
    .help = run again; if it happens again, please report it
state-failed = the state database { $database } failed: { $reason }
    .help = check the disk it lies on, and try again
state-url-missing = the environment variable { $variable }, which holds the URL of the state database, is not set
    .help = set it to a URL such as `postgresql://user:password@host/database`
state-bad-url = the URL of the state database is not one of PostgreSQL, or has a parameter that is not known
    .help = write it as `postgresql://user@host:5432/database?sslmode=verify-full`; `%` and two hexadecimal digits stand for what has a meaning in URLs
state-unreachable = the server of the state database { $database } does not answer: { $reason }
    .help = check that it runs and that this machine may reach it, then run again: what was committed is there
state-login-refused = the server of the state database { $database } refuses the login
    .help = check user and password; the server's own log says why
state-too-many-connections = the server of the state database { $database } has no connection left
    .help = each process takes up to seven: raise the server's `max_connections` or the limit of the login
state-unfit = { $database } cannot be used as a state database: { $reason }
    .help = make the database (`CREATE DATABASE … ENCODING 'UTF8'`) and the schema of its search path
state-not-permitted = the login may not do what is needed in the state database { $database }: { $reason }
    .help = make it the owner of its schema: it makes tables there and looks after them
lake-other-format = the lake of the state database { $database } has format { $found }, this version knows { $known }
    .help = use the version of vermeil that wrote it, or a newer one


### Diagnostics of lake and queries

keyring-missing-for-lake = keyring { $keyring } is missing, but the lake { $lake } was sealed with it
    .help = restore the keyring from its backup; a new one opens nothing
lake-location-invalid = `{ $location }` is no place for a lake
    .help = `lake` takes a folder or a URL such as s3://bucket/lake
lake-unwritable = the lake { $lake } cannot be written
    .help = check that you may write there and that the disk is not full; for an object store the bucket, the credentials and the network
lake-unreadable = the lake { $lake } cannot be read
    .help = check permissions, credentials and network
lake-damaged = { $lake }/vermeil.json is damaged
    .help = restore it from a backup
lake-newer = the lake { $lake } has format { $found }, this version knows formats up to { $known }
    .help = use a newer vermeil
lake-of-another-keyring = the lake { $lake } was sealed with keyring { $keyring }, not with the one given
    .help = name the right file under `keyring`, or another `lake`
no-lake = there is no lake { $lake } yet
    .help = `vermeil run` makes one
storage-full = the storage of { $table } is full
    .help = make room and run again: nothing was lost
reader-version = another program raised table { $table } to Delta reader version { $version }
    .help = rewrite it there without column mapping and deletion vectors
damaged-value = table { $table } holds a sealed value that does not open
    .help = restore the table, or the state database, from a backup
unknown-role = there is no role `{ $role }`
    .help = the pipeline declares: { $declared }
not-a-reader = role `{ $role }` may not read
    .help = the files in `policies` permit it nothing; `vermeil policy show` prints who sees what
purpose-not-granted = role `{ $role }` may not read for purpose `{ $purpose }`
    .help = it may for: { $granted }; without `--purpose` plain fields and pseudonyms can be read; `vermeil policy show` prints who sees what
    .otherwise = it may for no purpose; without `--purpose` plain fields and pseudonyms can be read; `vermeil policy show` prints who sees what
row-denied = role `{ $role }` may not see rows as delivered for purpose `{ $purpose }`
    .help = a row may hold anything: it takes a purpose that opens every personal class
find-denied = role `{ $role }` may not look for `{ $field }` for purpose `{ $purpose }`
    .help = it takes a purpose that opens the field's class: whether someone is here is personal too
rectify-denied = role `{ $role }` may not set `{ $field }` right for purpose `{ $purpose }`
    .help = it takes a purpose that opens identifiers and the field's class
rectify-not-a-field = this is no field of schema `{ $schema }`
    .help = name a field as the schema does, such as `email`
rectify-not-a-value = this is no value of field `{ $field }`
    .help = it is one line on standard input, not empty, and of the field's type: dates as 1984-07-03, true or false; `--withdraw` takes back what was set
nothing-rectified = nothing was set right in this field that could be withdrawn
    .help = `vermeil explain` lists what was set right in a profile
resolve-denied = role `{ $role }` may not ask who somebody is for purpose `{ $purpose }` (by: { $fields })
    .help = it takes a purpose that opens the classes of these fields: whether someone is here is personal too
resolve-unknown-field = a name in the question is no field of `{ $schema }`
    .help = did you mean `{ $nearest }`?
    .otherwise = ask with names of fields
field-not-indexed = records are not found by this field
    .help = they are by: { $indexed }
index-incomplete = the index does not cover the records of source `{ $source }` yet
    .help = `vermeil run` completes it
sql-invalid = the statement cannot be run: { $message }
    .help = tables are `golden.profiles`, `golden.members`, `golden.history`, `golden.provenance`, `landing.<source>`, `landing.quarantine`, `resolved.links`
not-a-query = `{ $statement }` is no query
    .help = only reading is allowed here: begin with SELECT or WITH
query-failed = the query failed while running: { $reason }
    .help = correct the statement; values are not shown, for they may be personal
decision-not-two = a decision is about two: both ids stand for the same records, or no record would stay
    .help = `vermeil explain ID` shows the records of a profile
model-too-few-records = a match model is kept of { $least } records or more, there are { $found }
    .help = until then every run estimates its own
decision-not-a-member = record { $record } is not in profile { $profile }
    .help = `vermeil explain { $profile }` shows its records
decision-contradicts = this contradicts what was decided before: { $decisions }
    .help = `vermeil decisions` lists them; `vermeil undo` lifts one
decision-reason-length = the reason must be one line of 1 to { $limit } characters
    .help = point to a ticket for more
decision-reason-personal = the reason holds what looks like an address or a number of a person
    .help = reasons are kept in the clear: name no one, point to a ticket
profiles-not-for-purpose = profiles are not made for purpose `{ $purpose }`
    .help = `match.purposes` in the pipeline file names what they are made for
nothing-published = nothing is published yet
    .help = `vermeil run` makes golden profiles
erase-denied = role `{ $role }` may not erase for purpose `{ $purpose }`
    .help = it takes leave to open every class
erase-nobody-found = nobody is found
    .help = whoever was never known and whoever is erased get the same answer
restored-backup = the state database is older than the ledger of erasures: it is a restored backup
    .help = `vermeil run` or any other command carries out again what it lacks; a preview writes nothing
restore-drill-copy = could not copy { $place }: { $reason }
    .help = --state names a copy of the state database, --lake the folder of the lake as it was then
erase-several-people = { $people } people have this value
    .help = name one by the id of a profile, as `vermeil find` shows it
erase-same-account = erasure { $number } was opened by this account
    .help = another account of the operating system has to approve it
erase-not-due = erasure { $number } is { $status ->
        [open] open
        [approved] approved
        [running] being carried out
        [complete] complete
       *[other] called back
    }
    .help = `vermeil erase status` tells what comes next
erase-changed = the person of erasure { $number } has records now that were not approved
    .help = it is open again: look at it and have it approved once more
state-outdated = someone was to be erased since publication { $publication } began
    .help = run again: what was read before is not published
retention-not-a-period = `{ $place }` is no period
    .help = a period is written as `P3Y`, `P18M` or `P30D`
request-transition = a request that is { $from ->
        [identity_unverified] identity to be verified
        [pending] pending
        [approved] approved
        [in_progress] in progress
        [restricted] restricted
        [completed] completed
        [refused] refused
        [cancelled] cancelled
       *[other] a duplicate
    } cannot become { $to ->
        [identity_unverified] identity to be verified
        [pending] pending
        [approved] approved
        [in_progress] in progress
        [restricted] restricted
        [completed] completed
        [refused] refused
        [cancelled] cancelled
       *[other] a duplicate
    }
    .help = `vermeil request show` tells what comes next
request-extended-before = the term was extended before
    .help = there is no second extension
request-extended-late = the first month ended on { $end }: the term can be extended no more
    .help = answer now
request-paused = the clock stands still already
    .help = `vermeil request resume` lets it run on
request-running = the clock does not stand still
    .help = `vermeil request show` tells the days on which it did
request-backwards = the day lies before { $day }
    .help = see whether the clock of this machine is right
request-identified = the clock stops only while it is in doubt who asks
    .help = extend the term within the first month instead
request-same-account = this account opened the request
    .help = another account of the system has to approve it
request-no-approval = only erasure takes an approval
    .help = `vermeil request run` carries the request out
request-held = the request is held until { $until }
    .help = `vermeil request release` ends the hold
request-not-held = nothing holds the request, or it is of a kind that is not held
    .help = only erasure is held
request-hold-past = the hold would have ended before today
    .help = name a day that is still to come
request-not-told = the person has to be told before the restriction is lifted
    .help = name the day on which they were told
request-absolute = an objection to marketing is followed, whatever speaks against it
    .help = only who asks and how can be a ground of refusal
request-denied = role `{ $role }` may not deal with requests for purpose `{ $purpose }`
    .help = it takes leave to open every class
request-no-identifier = the request names nobody
    .help = a field that records are found by, such as `email`, or `id`
request-nothing-to-rectify = the request does not say what should stand where
    .help = `set` names fields with the values that they should have
request-not-received-yet = a request cannot have been received after today
    .help = `--received` is the day on which it came in
opendsr-another-under-this-id = another request came under this id
    .help = the controller gives each request an id of its own
opendsr-not-pending = request { $number } is not pending any more
    .help = what was begun is not called back
subject-not-yours = this is no contact point of whoever asks
    .help = the page shows those that are
subject-no-say = purpose `{ $purpose }` rests on no consent, and knows no objection
    .help = `purposes` of the pipeline tells what each rests on
subject-role-without-account = role `{ $role }` is for people without an account
    .help = `vermeil request invite` gives them a link; tokens are for other roles
download-nothing-to-take = there is nothing to take away
    .help = { $kind ->
        [rectification] what is set right is shown from the next run on
       *[other] `vermeil request run` carries the request out
    }
download-not-taken = the answer of request { $number } was not taken yet, or not whole
    .help = wait for it, or give another link: `vermeil request link { $number }`
request-no-folder = the answer has to go somewhere
    .help = `--to` names a folder to make
request-folder-taken = { $folder } is there already
    .help = name a folder that is not
request-unwritable = could not write { $file }
    .help = see that the folder above it can be written, then run the request again
erase-held = erasing them is held by request { $number } until { $until }
    .help = `vermeil request release { $number }` ends the hold
cli-request-malformed = standard input names nobody
    .help = a JSON object of fields and texts, such as `{ "{" }"email": "…"{ "}" }`
package-form = this is not the manifest of a package
    .help = `manifest.json` stands in the folder that `vermeil request run --to` made
package-signature = the manifest is not as it was signed, or another key signed it
    .help = `vermeil audit key` prints the key of a pipeline
package-checkpoint = the manifest and its checkpoint do not belong together
    .help = trust neither
package-changed = { $file } is not as it was signed
    .help = ask for the package again
package-foreign = { $file } does not belong to the package
    .help = the manifest does not name it
package-unreadable = could not read { $file }
    .help = see whether the package is whole
certificate-form = this is not a certificate of erasure
    .help = it is the JSON that `vermeil erase certificate` prints
certificate-signature = the certificate is not as it was signed, or another key signed it
    .help = `vermeil audit key` prints the key of a pipeline
certificate-checkpoint = the certificate and its checkpoint do not belong together
    .help = trust neither
certificate-unproven = the certificate states that something was left
    .help = it proves no erasure
unknown-id = there is no { $what ->
        [profile] profile
        [record] record
        [row] quarantined row
        [decision] decision in force
        [erasure] request to erase with number
        [token] token in force with number
       *[other] { $what }
    } { $id }
    .help = ids stand in `golden.profiles`, in `golden.members` and in `vermeil quarantine ls`
value-erased = { $what ->
        [row] quarantined row
       *[other] { $what }
    } { $id } was erased on { $at }
    .help = its key was destroyed: nothing brings it back, in any backup
counts-do-not-add-up = the counts do not add up: { $counts }
    .help = nothing was lost, but this is a defect: please report it


### Diagnostics of invented customers

synth-folder = could not make the folder { $folder }: { $cause }
    .help = check that you may write there and that the disk is not full; for an object store the bucket, the credentials and the network
synth-write = could not write { $file }: { $cause }
    .help = check that you may write there and that the disk is not full; for an object store the bucket, the credentials and the network
synth-truth-read = could not read { $file }: { $cause }
    .help = write the silos again
synth-truth-malformed = { $file }:{ $line }: not a line of the truth
    .help = expected is `source,key,person_id`: write the silos again


### Diagnostics of the audit log

audit-unwritable = the audit log in { $folder } cannot be written, so nothing was opened
    .help = check that you may write there; `audit` in the pipeline file names the folder
audit-full = the disk of the audit log in { $folder } is full, so nothing was opened
    .help = make room and try again
audit-unreadable = could not read { $file } of the audit log
    .help = check that it exists and that you may read it
audit-no-log = there is no audit log in { $folder }
    .help = it begins with the first opening of personal fields; if there was one, restore it from its backup
audit-damaged = the audit log in { $folder } is not as it was signed: { $reason }
    .help = nothing is opened until it is restored from its backup; `vermeil audit verify` shows what was changed
audit-foreign-key = the audit log in { $folder } ends with a checkpoint that `{ $key }` did not sign
    .help = it belongs to another keyring, or its checkpoint was changed: restore keyring and log of the same moment
audit-not-a-checkpoint = { $file } holds no checkpoint that `{ $key }` signed
    .help = keep a copy of a `.checkpoint` file of this log elsewhere, unchanged
audit-denied = role `{ $role }` may not read the audit log
    .help = a policy that permits the action `audit` lets a role read it; `vermeil policy show` tells which do
audit-entry-unreadable = { $file }:{ $line }: this line is no entry
    .help = it was changed or damaged: compare it with a backup
audit-entry-misplaced = { $file }:{ $line }: entry { $found } stands where entry { $expected } belongs
    .help = entries were removed, added or moved here
audit-entry-changed = { $file }:{ $line }: the entries before this line are not those that it was written after
    .help = most likely the entry just before it was changed
audit-segment-start = { $file }:{ $line }: a segment begins with an entry of its own, and here it does not
    .help = entries were removed, added or moved here
audit-entries-missing = { $file }:{ $line }: { $missing } signed entries are missing at the end
    .help = the file was cut off: restore it from its backup
audit-entries-unsigned = { $file }:{ $line }: from here on entries are not covered by a checkpoint
    .help = they were added by someone else, or the checkpoint was replaced by an older one
audit-root-differs = { $file }:{ $line }: the entries up to here are not those that the checkpoint signs
    .help = most likely the last entry was changed
audit-segments-missing = { $file }:{ $line }: it does not go on where the segment before it, { $former }, ends
    .help = a segment between the two is missing, or one of the two was replaced
audit-beginning-missing = the log begins with entry { $first }, and no entry tells that those before have expired
    .help = segments were deleted, but not by `vermeil audit expire`
audit-origin-differs = { $file }:{ $line }: the segment belongs to another log, { $origin }
    .help = it was put here from elsewhere
audit-checkpoint-missing = { $file } is missing
    .help = without it nothing shows that the segment is whole: restore it from its backup
audit-checkpoint-invalid = { $file } is no checkpoint that this key signed
    .help = it was changed, or belongs to another log; `vermeil audit key` prints the key of a pipeline
audit-put-back = { $signed } entries are signed, but { $remembered } were when the remembered checkpoint was made
    .help = log and checkpoint were put back to an older state
audit-history-rewritten = the log does not go on from the remembered checkpoint: its entries up to there are others
    .help = it was put back to an older state and written on from there
audit-append-cut-short = { $file }: the last { $bytes } bytes are not signed: an append was cut short
    .help = nobody acted on them; the next append sets them aside or completes them
audit-tails-set-aside = appends cut short and set aside: { $count }
    .help = the entries tell which file keeps what a crash left; nobody acted on it
audit-clock-went-back = entries with an earlier moment than the one before: { $count }
    .help = a clock was set back; the order of entries is that of their numbers
audit-remembered-expired = the remembered checkpoint is older than entry { $first }, the first that is kept
    .help = what it could be compared with has expired
### leak-scan

column-leak-channel = channel
column-leak-place = place
column-leak-offset = offset
column-leak-encoding = encoding
column-leak-value = value
column-leak-count = times
column-leak-kind = kind
column-leak-reason = reason
leak-reason-unreadable = the system refuses to read it
leak-reason-damaged = it begins as its kind does, but cannot be decoded
leak-reason-encrypted = it is encrypted
leak-reason-not-decoded = this kind is not decoded
leak-reason-too-large = it expands beyond the bound
leak-reason-too-deep = it is packed too deep
leak-scan-line = line { $line }
leak-scan-refused = { $value } is too short to be told from chance: it was not searched for
leak-scan-found = Places that hold values in the clear: { $findings } (files searched: { $files }, values: { $values })
leak-scan-clean = No value is readable (files searched: { $files }, values: { $values })
leak-scan-incomplete = Nothing was found, but not everything could be searched (files searched: { $files }, values: { $values })
leak-scan-corpus = Values planted below { $folder }: { $planted }. Scan it for { $values }; { $list } says what is where
cli-folder-unreadable = could not read the folder { $folder }
    .help = check that it exists and that you may read it
leaks-values-unreadable = could not read the values in { $file }
    .help = check that it exists, that you may read it, and that it is UTF-8
leaks-values-malformed = { $file }:{ $line }: not a value
    .help = one value a line; or CSV with the header `value` or `label,value`; or NDJSON with an object of texts a line
leaks-values-empty = { $file } holds no value
    .help = write one value a line
help-consent = Take down what people allow and refuse, and ask for it
help-consent-give = Take down that someone allows
help-consent-give-id = Id of a record, or of a profile: each of its records
help-consent-give-contact = Kind of contact point; it is read from standard input
help-consent-give-country = Country of a phone number that does not say it, such as FR
help-consent-give-for = Purpose that it is said of
help-consent-give-channel = How it was said, such as web or phone
help-consent-give-text-version = Version of the text that was shown
help-consent-give-role = Role to act as
help-consent-give-purpose = Purpose of acting, which opens contact points to the role
help-consent-refuse = Take down that someone, asked, does not allow
help-consent-refuse-id = Id of a record, or of a profile: each of its records
help-consent-refuse-contact = Kind of contact point; it is read from standard input
help-consent-refuse-country = Country of a phone number that does not say it, such as FR
help-consent-refuse-for = Purpose that it is said of
help-consent-refuse-channel = How it was said, such as web or phone
help-consent-refuse-text-version = Version of the text that was shown
help-consent-refuse-role = Role to act as
help-consent-refuse-purpose = Purpose of acting, which opens contact points to the role
help-consent-withdraw = Take down that someone takes back what they allowed; it holds at once
help-consent-withdraw-id = Id of a record, or of a profile: each of its records
help-consent-withdraw-contact = Kind of contact point; it is read from standard input
help-consent-withdraw-country = Country of a phone number that does not say it, such as FR
help-consent-withdraw-for = Purpose that it is said of
help-consent-withdraw-channel = How it was said, such as web or phone
help-consent-withdraw-text-version = Version of the text that was shown
help-consent-withdraw-role = Role to act as
help-consent-withdraw-purpose = Purpose of acting, which opens contact points to the role
help-consent-object = Take down that someone objects to a purpose (Art. 21); it holds at once
help-consent-object-id = Id of a record, or of a profile: each of its records
help-consent-object-contact = Kind of contact point; it is read from standard input
help-consent-object-country = Country of a phone number that does not say it, such as FR
help-consent-object-for = Purpose that it is said of
help-consent-object-channel = How it was said, such as web or phone
help-consent-object-text-version = Version of the text that was shown
help-consent-object-role = Role to act as
help-consent-object-purpose = Purpose of acting, which opens contact points to the role
help-consent-record = Take down statements from standard input, one JSON object a line
help-consent-record-role = Role to act as
help-consent-record-purpose = Purpose of acting, which opens contact points to the role
help-consent-show = Show everything that was said, and what of it holds
help-consent-show-id = Id of a record, or of a profile: each of its records
help-consent-show-contact = Kind of contact point; it is read from standard input
help-consent-show-country = Country of a phone number that does not say it, such as FR
help-consent-show-role = Role to act as
help-consent-show-purpose = Purpose of acting, which opens contact points to the role
help-consent-check = Tell whether someone may be reached or read for a purpose; exit code 1 if not
help-consent-check-id = Id of a record, or of a profile: each of its records
help-consent-check-contact = Kind of contact point; it is read from standard input
help-consent-check-country = Country of a phone number that does not say it, such as FR
help-consent-check-for = Purpose that it is said of
help-consent-check-role = Role to act as
help-consent-check-purpose = Purpose of acting, which opens contact points to the role
column-consent-scope = of
column-consent-purpose = purpose
column-consent-status = said
column-consent-occurred-at = when
column-consent-expires-at = until
column-consent-recorded-by = taken down by
column-consent-channel = channel
column-consent-holds = holds
consent-status-given = allowed
consent-status-refused = refused
consent-status-withdrawn = withdrawn
consent-status-expired = expired
consent-status-objected = objected
consent-status-restricted = restricted
consent-status-released = released
consent-status-unknown = nothing was said
consent-scope-email = e-mail address
consent-scope-phone = phone number
consent-scope-record = person
basis-consent = consent
basis-contract = contract
basis-legal-obligation = legal obligation
basis-vital-interests = vital interests
basis-public-task = public task
basis-legitimate-interests = legitimate interests
consent-holds-yes = yes
consent-holds-no = no
consent-none = nothing was said
consent-taken = { $statements ->
    [one] one statement is taken down, and holds
   *[other] { $statements } statements are taken down, and hold
    }
consent-allowed = Yes, for { $purpose } ({ $basis }; last word: { $status }).
consent-not-allowed = No, not for { $purpose } ({ $basis }; last word: { $status }).
purpose-without-basis = the pipeline does not say why purpose `{ $purpose }` may be pursued
    .help = give its legal basis below `purposes:` in pipeline.yaml, such as `{ $purpose }: consent`
consent-denied = role `{ $role }` may not say or ask for purpose `{ $purpose }` what people allow
    .help = it takes leave to open contact points
consent-points-missing = the profiles were made before contact points were kept
    .help = `vermeil run` makes them anew
consent-not-a-contact-point = statement { $position } names no { $scope }
    .help = write an address as a@b.example, a number as +33 6 12 34 56 78
consent-country-missing = statement { $position } names a phone number without its country
    .help = write it as +33 6 12 34 56 78, or give the country: a yes counts for one number only
consent-in-the-future = statement { $position } happened in the future
    .help = give the moment with its offset, such as 2026-11-22T09:30:00+01:00
consent-not-a-token = `{ $key }` of statement { $position } is no short name
    .help = letters, digits and . - _ / : only, 64 at most: nobody is to be written of there
consent-nobody = statement { $position } names nobody
    .help = name a record or profile as `vermeil find` shows it, or a contact point
consent-purpose-unfit = statement { $position } needs a purpose, or may have none
    .help = restrictions are of a record or profile and of every purpose, all else is of one
cli-not-a-statement = line { $line } is no statement of consent
    .help = an object with one of email, phone, id; purpose, status; if need be country, at, expires_at, channel, text_version, proof
help-export = Write the profiles that may be seen for a purpose into a file for a recipient, and note who received them
help-export-to = File to write, .csv or .parquet; it must not exist
help-export-recipient = Short name of whoever receives it, such as mailer
help-export-role = Role to read as
help-export-purpose = Purpose of the export
help-exports = Show who received profiles, when and what for
column-export-number = export
column-export-recipient = recipient
column-export-purpose = purpose
column-export-actor = by
column-export-begun-at = when
export-none = nobody received anything
export-cut-off = cut off
export-done = { $profiles ->
    [one] one profile is written for { $recipient }, for { $purpose }
   *[other] { $profiles } profiles are written for { $recipient }, for { $purpose }
    }
export-no-purpose = an export has a purpose
    .help = declare it with `--purpose`
export-recipient = this is no short name of a recipient
    .help = letters, digits and . - _ / : only, 64 at most, such as `mailer`
export-format = { $file } is no CSV or Parquet file
    .help = end its name with .csv or .parquet
export-unwritable = { $file } cannot be written: { $reason }
    .help = name a file that does not exist yet, in a folder that can be written


### Recipients
help-recipients = Who received people, and whether they know who is erased or set right (Art. 19 GDPR)
help-recipients-ls = List recipients: declared ones, and everyone who received an export
help-recipients-pending = List the notices that wait for an answer
help-recipients-pending-all = Those that were answered or given up, too
help-recipients-retry = Tell recipients again, and complete the erasures that waited for nobody else
help-recipients-retry-due = Only those whose time has come, as the service does it
help-recipients-retry-role = Role to tell as
help-recipients-retry-purpose = Purpose of telling
help-recipients-message = Print the message to a recipient, to tell it by other means; it names the person as the recipient knows them
help-recipients-message-number = Number of the notice
help-recipients-message-recipient = Name of the recipient
help-recipients-message-role = Role to read the message as
help-recipients-message-purpose = Purpose of reading it
help-recipients-receipt = Enter what a recipient answered by other means
help-recipients-receipt-number = Number of the notice
help-recipients-receipt-recipient = Name of the recipient
help-recipients-receipt-answer = What it answered, in one line of at most 200 characters; name no one, point to a letter or ticket
help-recipients-receipt-role = Role to enter it as
help-recipients-receipt-purpose = Purpose of entering it
column-recipients-way = told by
column-recipients-contact = contact
column-recipients-exports = exports
column-recipients-pending = waiting
column-recipients-answered = answered
column-recipients-unanswered = never answered
column-recipients-notice = notice
column-recipients-kind = what
column-recipients-state = state
column-recipients-due = answer due
column-recipients-code = last try
column-recipients-next = next try
column-erase-recipients = recipients to tell
recipients-none = nobody is declared as a recipient or received anything
recipients-nothing-pending = no notice waits for an answer
recipients-never = never answered
recipients-way-webhook = webhook
recipients-way-folder = folder
recipients-way-manual = people
recipients-kind-erase = erase
recipients-kind-rectify = set right
recipients-state-pending = waiting
recipients-state-answered = answered
recipients-state-unanswered = never answered
recipients-state-superseded = superseded
recipients-tried = { $tried ->
    [one] one recipient was told
   *[other] { $tried } recipients were told
    }
recipient-not-pending = notice { $notice } waits for no answer of { $recipient }
    .help = `vermeil recipients pending --all` lists every notice and its recipients
export-overtaken = someone was to be erased since export { $export } began
    .help = delete what was written of it, and export again
help-consent-tcf = Read a TC string of IAB Europe's framework from standard input, and print what it says as JSON
tcf-too-long = longer than any TC string
tcf-character = character { $at } is none of a TC string
tcf-version = version { $found } of TC strings is not read, but 2
    .help = strings of version 1 ended with 2020: ask for consent anew
tcf-truncated = the TC string ends within "{ $field }"
tcf-meaningless = the TC string has no meaning at "{ $field }"
tcf-segment = segment { $segment } of the TC string stands twice, or is of an unknown kind
help-consent-receipt = Print a receipt of what someone consented to, refused and took back: ISO/IEC TS 27560 in JSON-LD
help-consent-receipt-id = Id of a record, or of a profile: each of its records
help-consent-receipt-contact = Kind of contact point; it is read from standard input
help-consent-receipt-country = Country of a phone number that does not say it, such as FR
help-consent-receipt-role = Role to act as
help-consent-receipt-purpose = Purpose of acting, which opens contact points to the role
