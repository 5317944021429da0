//! Telling recipients, again and again until they answer or their last day is over.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use vermeil_model::decision::Reason;
use vermeil_model::pipeline::{RecipientSettings, WebhookSettings};
use vermeil_protect::{WebhookSecret, sha256_hex};
use vermeil_rights::notice::{DeliveryState, Message, MessageData, Next, Patience, Receipt, ReceiptWay};
use vermeil_state::{Delivery, Notice, StateError};

use super::notice::notice_owner;
use super::{Carried, Parcel, RecipientError};
use crate::engine::{Engine, Reader};
use crate::erase::intent;
use crate::error::EngineError;
use crate::link::blocking;
use crate::report::{DeliveryReport, RecipientReport, TellReport};

/// Recipients told at once: one that hangs does not keep the others from it.
const AT_ONCE: usize = 8;
/// Between two tries at most.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(12);
/// Bytes of a receipt in a folder that are looked at.
const LONGEST_RECEIPT: u64 = 64 * 1024;

/// Which recipients to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichDeliveries {
    /// Those whose time has come.
    Due,
    /// Every one that has not answered.
    All,
}

/// What a try came to.
enum Tried {
    Receipt(Receipt),
    Failed(String),
}

impl Engine {
    /// Tries to tell recipients, and completes the erasures that waited for nobody else.
    ///
    /// # Errors
    /// - [`EngineError::RequestDenied`]: it takes leave to open every class;
    /// - the keys, the state database or the audit log fail. Asking again goes on. That a recipient does not
    ///   answer is no error.
    pub async fn tell_recipients(
        &self,
        which: WhichDeliveries,
        reader: &Reader,
    ) -> Result<TellReport, EngineError> {
        self.answering(reader)?;
        let entry = self.audit.begin(vermeil_audit::Intent {
            table: "notices".to_owned(),
            ..intent(reader, "recipients-tell", None)
        });
        let entry = entry.await?;
        let told = async {
            let tried = self.deliver(which, None).await?;
            let completed = self.certify_settled(reader).await?;
            Ok::<_, EngineError>((tried, completed))
        };
        let told = told.await;
        let status = if told.is_ok() { vermeil_audit::Status::Done } else { vermeil_audit::Status::Failed };
        self.audit.conclude(entry, 0, status).await?;
        let (tried, completed) = told?;
        let pending = self.pending_deliveries().await?;
        Ok(TellReport { tried, completed, pending })
    }

    /// Every delivery that has not been settled, of whom and until when.
    ///
    /// # Errors
    /// The state database cannot be read.
    pub async fn pending_deliveries(&self) -> Result<Vec<DeliveryReport>, EngineError> {
        let mut all = self.deliveries().await?;
        all.retain(|delivery| delivery.state == DeliveryState::Pending.as_str());
        Ok(all)
    }

    /// Every delivery, by notice and recipient.
    ///
    /// # Errors
    /// The state database cannot be read.
    pub async fn deliveries(&self) -> Result<Vec<DeliveryReport>, EngineError> {
        let notices = self.state.notices().await?;
        let of = |notice: &Notice| -> Vec<DeliveryReport> {
            notice.deliveries.iter().map(|one| self.delivery_report(notice, one)).collect()
        };
        Ok(notices.iter().flat_map(of).collect())
    }

    /// Everyone who is declared as a recipient or received something.
    ///
    /// # Errors
    /// The state database cannot be read.
    pub async fn recipients(&self) -> Result<Vec<RecipientReport>, EngineError> {
        let declared = self.config.pipeline.recipients.keys().cloned();
        let (exports, notices) = (self.state.exports().await?, self.state.notices().await?);
        let mut names: Vec<String> =
            declared.chain(exports.iter().map(|export| export.recipient.clone())).collect();
        names.sort_unstable();
        names.dedup();
        let report = |name: String| {
            let own =
                || notices.iter().flat_map(|notice| &notice.deliveries).filter(|one| one.recipient == name);
            let in_state = |state| own().filter(|one| one.state == state).count() as u64;
            let settings = self.config.pipeline.recipients.get(&name);
            RecipientReport {
                way: way(settings).to_owned(),
                contact: settings.and_then(|settings| settings.contact.clone()),
                is_declared: settings.is_some(),
                exports: exports.iter().filter(|export| export.recipient == name).count() as u64,
                pending: in_state(DeliveryState::Pending),
                answered: in_state(DeliveryState::Answered),
                unanswered: in_state(DeliveryState::Unanswered),
                recipient: name,
            }
        };
        Ok(names.into_iter().map(report).collect())
    }

    /// The message to a recipient, for people who tell it themselves. It is noted in the audit log.
    ///
    /// # Errors
    /// [`EngineError::RequestDenied`], [`RecipientError::NotPending`]; or keys, state database or audit log fail.
    pub async fn message_to(
        &self,
        notice: i64,
        recipient: &str,
        reader: &Reader,
    ) -> Result<String, EngineError> {
        self.answering(reader)?;
        let (known, delivery) = self.pending(notice, recipient).await?;
        let entry = self.audit.begin(vermeil_audit::Intent {
            table: format!("notices/{notice}"),
            ..intent(reader, "recipients-message", None)
        });
        let entry = entry.await?;
        let body = self.message(&known, &delivery).await;
        let status = if body.is_ok() { vermeil_audit::Status::Done } else { vermeil_audit::Status::Failed };
        self.audit.conclude(entry, 1, status).await?;
        Ok(String::from_utf8_lossy(&body?.ok_or_else(|| not_pending(notice, recipient))?).into_owned())
    }

    /// Enters what a recipient answered by other means, and completes the erasure if it waited for nobody else.
    ///
    /// # Errors
    /// [`EngineError::RequestDenied`], [`RecipientError`]; or keys, state database or audit log fail.
    pub async fn enter_receipt(
        &self,
        notice: i64,
        recipient: &str,
        note: &Reason,
        reader: &Reader,
    ) -> Result<DeliveryReport, EngineError> {
        self.answering(reader)?;
        let (_, delivery) = self.pending(notice, recipient).await?;
        let entry = self.audit.begin(vermeil_audit::Intent {
            table: format!("notices/{notice}"),
            ..intent(reader, "recipients-receipt", None)
        });
        let entry = entry.await?;
        let receipt = Receipt {
            entered_by: Some(reader.actor.clone()),
            note: Some(note.as_str().to_owned()),
            ..receipt(ReceiptWay::Manual, None, note.as_str().as_bytes())
        };
        let entered = async {
            self.settle(notice, recipient, DeliveryState::Answered, Some(&receipt)).await?;
            self.take_back(&delivery);
            self.certify_settled(reader).await
        };
        let entered = entered.await;
        let status =
            if entered.is_ok() { vermeil_audit::Status::Done } else { vermeil_audit::Status::Failed };
        self.audit.conclude(entry, 0, status).await?;
        entered?;
        let all = self.deliveries().await?;
        let own = all.into_iter().find(|one| one.notice == notice && one.recipient == recipient);
        own.ok_or_else(|| not_pending(notice, recipient))
    }

    /// Tries recipients, of one erasure or of any; how many.
    pub(crate) async fn deliver(
        &self,
        which: WhichDeliveries,
        erasure: Option<i64>,
    ) -> Result<u64, EngineError> {
        let now = Utc::now();
        let notices = self.state.notices().await?;
        let of_this = notices.iter().filter(|notice| erasure.is_none() || notice.erasure == erasure);
        let due = of_this.flat_map(|notice| notice.deliveries.iter().map(move |one| (notice, one)));
        let due = due.filter(|(notice, one)| {
            let is_time = one.next_at <= now || notice.due_at <= now || which == WhichDeliveries::All;
            one.state == DeliveryState::Pending && is_time
        });
        // Boxed: the compiler does not see through the lifetimes of a stream of borrowing futures.
        let tries: Vec<BoxFuture<'_, Result<bool, EngineError>>> =
            due.map(|(notice, one)| self.try_one(notice, one).boxed()).collect();
        let tried: Vec<bool> = stream::iter(tries).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(tried.into_iter().filter(|tried| *tried).count() as u64)
    }

    /// Tries one recipient, unless someone else does; says whether it did.
    async fn try_one(&self, notice: &Notice, delivery: &Delivery) -> Result<bool, EngineError> {
        let now = Utc::now();
        let settings = self.config.pipeline.recipients.get(&delivery.recipient);
        let first = i64::from(self.config.pipeline.notices.first_retry_seconds.get());
        let patience = Patience { first: TimeDelta::seconds(first), longest: LONGEST_PAUSE };
        let next = patience.next(delivery.attempts + 1, now, notice.due_at);
        let next_at = if let Next::Try(at) = next { at } else { notice.due_at };
        let reached = settings.filter(|settings| settings.webhook.is_some() || settings.folder.is_some());
        let Some(settings) = reached else {
            // People tell this one; all there is to do is to know when its time is over.
            if next == Next::GiveUp {
                self.settle(notice.number, &delivery.recipient, DeliveryState::Unanswered, None).await?;
            }
            return Ok(false);
        };
        if !self.state.begin_delivery(notice.number, delivery, next_at).await? {
            return Ok(false);
        }
        let Some(body) = self.message(notice, delivery).await? else { return Ok(false) };
        let tried = match (&settings.webhook, &settings.folder) {
            (Some(webhook), _) => self.post(webhook, &delivery.message, body, now).await,
            (None, folder) => self.drop_into(folder.as_deref(), &delivery.message, body).await?,
        };
        match tried {
            Tried::Receipt(receipt) => {
                let answered = DeliveryState::Answered;
                self.settle(notice.number, &delivery.recipient, answered, Some(&receipt)).await?;
                self.take_back(delivery);
            }
            Tried::Failed(code) => {
                self.state.note_delivery(notice.number, &delivery.recipient, &code).await?;
                if next == Next::GiveUp {
                    let unanswered = DeliveryState::Unanswered;
                    self.settle(notice.number, &delivery.recipient, unanswered, None).await?;
                    self.take_back(delivery);
                }
            }
        }
        Ok(true)
    }

    async fn post(
        &self,
        webhook: &WebhookSettings,
        message: &str,
        body: Vec<u8>,
        now: DateTime<Utc>,
    ) -> Tried {
        let failed = |code: &str| Tried::Failed(code.to_owned());
        let Some(courier) = &self.courier else { return failed("no-courier") };
        let Some(secret) = self.config.secrets.get(&webhook.secret_variable) else {
            return failed("secret-missing");
        };
        let Ok(secret) = WebhookSecret::parse(secret) else { return failed("secret-malformed") };
        let authority = match &webhook.authority {
            None => None,
            Some(file) => match fs::read(self.config.path_of(file)) {
                Ok(authority) => Some(authority),
                Err(_) => return failed("authority"),
            },
        };
        let second = now.timestamp();
        let headers = vec![
            ("webhook-id", message.to_owned()),
            ("webhook-timestamp", second.to_string()),
            ("webhook-signature", secret.signature(message, second, &body)),
        ];
        let (url, network) = (webhook.url.clone(), webhook.network);
        match courier.carry(Parcel { url, network, authority, headers, body }).await {
            Carried::Answered { status: status @ 200..=299, body } => {
                Tried::Receipt(receipt(ReceiptWay::Webhook, Some(status), &body))
            }
            Carried::Answered { status, .. } => Tried::Failed(format!("status-{status}")),
            Carried::Failed { code } => failed(code),
        }
    }

    /// Lays a message into a folder, whole or not at all, and takes the receipt if there is one.
    async fn drop_into(
        &self,
        folder: Option<&str>,
        message: &str,
        body: Vec<u8>,
    ) -> Result<Tried, EngineError> {
        let folder = self.config.path_of(folder.unwrap_or_default());
        let message = message.to_owned();
        let dropped = blocking(move || {
            match fs::read(folder.join(format!("{message}.receipt"))) {
                Ok(bytes) if bytes.len() as u64 <= LONGEST_RECEIPT => {
                    return Ok(Ok(Tried::Receipt(receipt(ReceiptWay::Folder, None, &bytes))));
                }
                _ => {}
            }
            Ok::<_, EngineError>(
                drop_file(&folder, &message, &body).map(|()| Tried::Failed("no-receipt".to_owned())),
            )
        });
        Ok(dropped.await?.unwrap_or_else(|_| Tried::Failed("folder".to_owned())))
    }

    /// Takes away what was laid into a folder: it names someone who is to be forgotten.
    pub(super) fn take_back(&self, delivery: &Delivery) {
        let settings = self.config.pipeline.recipients.get(&delivery.recipient);
        if let Some(folder) = settings.and_then(|settings| settings.folder.as_deref()) {
            // The recipient may have taken it itself.
            drop(fs::remove_file(file_of(&self.config.path_of(folder), &delivery.message)));
        }
    }

    /// Settles whether a recipient knows, and destroys the key of the kit once nobody is left to be told.
    pub(super) async fn settle(
        &self,
        notice: i64,
        recipient: &str,
        state: DeliveryState,
        receipt: Option<&Receipt>,
    ) -> Result<(), EngineError> {
        match self.state.settle_delivery(notice, recipient, state, receipt).await {
            // Someone else did at the same time.
            Err(StateError::OutOfTurn { .. }) => return Ok(()),
            settled => settled?,
        }
        if self.state.notice_kit(notice).await?.is_none() {
            self.vault.destroy_owner(&notice_owner(notice)).await?;
        }
        Ok(())
    }

    /// The message to a recipient; `None` where nobody is left to be told.
    async fn message(&self, notice: &Notice, delivery: &Delivery) -> Result<Option<Vec<u8>>, EngineError> {
        let Some(kit) = self.open_notice_kit(notice.number).await? else { return Ok(None) };
        let Some(told) = kit.recipients.get(&delivery.recipient) else { return Ok(None) };
        let data = MessageData {
            notice: notice.number,
            recipient: &delivery.recipient,
            due: String::new(),
            handles: &told.handles,
            fields: told.fields.as_ref(),
        };
        Ok(Some(Message::new(notice.kind, notice.made_at, notice.due_at, data).to_bytes()))
    }

    async fn pending(&self, number: i64, recipient: &str) -> Result<(Notice, Delivery), EngineError> {
        let notices = self.state.notices().await?;
        let notice = notices.into_iter().find(|notice| notice.number == number);
        let notice = notice.ok_or_else(|| not_pending(number, recipient))?;
        let own = notice.deliveries.iter().find(|one| one.recipient == recipient);
        let own = own.filter(|one| one.state == DeliveryState::Pending).cloned();
        let own = own.ok_or_else(|| not_pending(number, recipient))?;
        Ok((notice, own))
    }

    fn delivery_report(&self, notice: &Notice, delivery: &Delivery) -> DeliveryReport {
        let settings = self.config.pipeline.recipients.get(&delivery.recipient);
        DeliveryReport::of(notice, delivery, way(settings), settings.and_then(|known| known.contact.clone()))
    }
}

fn way(settings: Option<&RecipientSettings>) -> &'static str {
    match settings {
        Some(RecipientSettings { webhook: Some(_), .. }) => "webhook",
        Some(RecipientSettings { folder: Some(_), .. }) => "folder",
        _ => "manual",
    }
}

fn receipt(way: ReceiptWay, status: Option<u16>, answer: &[u8]) -> Receipt {
    let (digest, bytes) = (sha256_hex(answer), answer.len() as u64);
    Receipt { way, at: Utc::now(), status, digest, bytes, entered_by: None, note: None }
}

fn not_pending(notice: i64, recipient: &str) -> EngineError {
    RecipientError::NotPending { notice, recipient: recipient.to_owned() }.into()
}

fn file_of(folder: &Path, message: &str) -> PathBuf {
    folder.join(format!("{message}.json"))
}

fn drop_file(folder: &Path, message: &str, body: &[u8]) -> io::Result<()> {
    let file = file_of(folder, message);
    if file.try_exists()? {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let part = folder.join(format!(".{message}.part"));
    drop(fs::remove_file(&part));
    let mut open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
    open.write_all(body)?;
    open.sync_all()?;
    fs::rename(part, file)
}
