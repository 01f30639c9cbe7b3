//! Reminders: the one thing that clients can change.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};

use super::register::Refusal;
use super::schema::{Grievance, register};

/// Of which grievance to remind.
#[derive(InputObject)]
struct SendGrievanceReminderInput {
    /// The reference number of the grievance, for example `JKIG-2026-003936`.
    grievance_reference: ID,
}

/// What became of the reminder.
#[derive(SimpleObject)]
struct SendGrievanceReminderPayload {
    /// The grievance with the reminder counted; null if none is sent.
    grievance: Option<Grievance>,
    /// Why none is sent; empty if it is.
    user_errors: Vec<SendGrievanceReminderUserError>,
}

/// Why no reminder is sent.
#[derive(SimpleObject)]
struct SendGrievanceReminderUserError {
    /// Which part of the input is meant, for example `["input", "grievanceReference"]`; null if no part is.
    field: Option<Vec<&'static str>>,
    /// The reason, for people.
    message: String,
    /// The reason, for programs.
    code: Code,
}

/// Why no reminder is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "SendGrievanceReminderErrorCode")]
enum Code {
    /// There is no grievance with this reference number.
    GrievanceNotFound,
    /// The grievance is closed.
    GrievanceClosed,
    /// The grievance has not been open for 28 days.
    ReminderNotDue,
    /// Another reason.
    Other,
}

impl From<Refusal> for SendGrievanceReminderUserError {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::Unknown(_) => Code::GrievanceNotFound,
            Refusal::Closed => Code::GrievanceClosed,
            Refusal::NotDue => Code::ReminderNotDue,
        };
        Self {
            field: Some(vec!["input", "grievanceReference"]),
            message: refusal.to_string(),
            code,
        }
    }
}

/// What can be changed.
pub(super) struct Mutation;

#[Object]
impl Mutation {
    /// Reminds the office with which an open grievance is pending; due after 28 days.
    async fn send_grievance_reminder(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which grievance to remind.")] input: SendGrievanceReminderInput,
    ) -> Result<Option<SendGrievanceReminderPayload>> {
        let sent = register(ctx)?.remind(&input.grievance_reference);
        Ok(Some(match sent {
            Ok(record) => SendGrievanceReminderPayload {
                grievance: Some(Grievance(record.reference.clone())),
                user_errors: Vec::new(),
            },
            Err(refusal) => SendGrievanceReminderPayload {
                grievance: None,
                user_errors: vec![refusal.into()],
            },
        }))
    }
}
