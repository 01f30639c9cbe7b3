//! Settings that are one of several names.

use super::setting::text_setting;

/// Declares an enum of names.
macro_rules! names {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $variant_doc:literal])* $variant:ident = $text:literal,)* }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[doc = $variant_doc])* $variant,)* }

        impl $name {
            /// The name in settings.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            fn parse(text: &str) -> Option<$name> {
                match text { $($text => Some($name::$variant),)* _ => None }
            }
        }
    };
}

names! {
    /// How much is logged.
    LogLevel {
        /// Failures that an operator must look at.
        Error = "error",
        /// Conditions that may need attention.
        Warn = "warn",
        /// Normal events, such as start and stop.
        Info = "info",
        /// Details for finding a fault.
        Debug = "debug",
    }
}

names! {
    /// Who may see call statistics.
    Audience {
        /// Every client, and operators.
        Public = "public",
        /// Operators only.
        Operators = "operators",
    }
}

names! {
    /// What happens to operations that cost more than the maximum.
    CostMode {
        /// They are refused.
        Enforce = "enforce",
        /// They are executed and counted.
        Log = "log",
        /// Costs are not computed.
        Off = "off",
    }
}

names! {
    /// What happens to operations that are no trusted documents.
    TrustMode {
        /// They are executed.
        Off = "off",
        /// They are executed, counted and logged.
        Log = "log",
        /// They are refused.
        Enforce = "enforce",
    }
}

names! {
    /// What `sangam check` does about a schema that breaks a rule of the style.
    StyleMode {
        /// Nothing: the rules are not checked.
        Off = "off",
        /// It warns.
        Warn = "warn",
        /// It reports an error.
        Deny = "deny",
    }
}

names! {
    /// The format of log lines.
    LogFormat {
        /// One JSON object per line.
        Json = "json",
        /// For reading at a terminal.
        Text = "text",
    }
}

names! {
    /// Which requests get a log line.
    LogRequests {
        /// None of them.
        None = "none",
        /// Those that were refused or that failed.
        Problems = "problems",
        /// Every request.
        All = "all",
    }
}

names! {
    /// How the content of an upstream's response is read.
    ResponseFormat {
        /// By its content type.
        ContentType = "content-type",
        /// As JSON, whatever its content type.
        Json = "json",
        /// As text, whatever its content type.
        Text = "text",
    }
}

names! {
    /// Whether requests share what is under way for another one.
    ShareInFlight {
        /// Unless the upstream's last response says that it is for one request or one user.
        Auto = "auto",
        /// Always.
        On = "on",
        /// Never.
        Off = "off",
    }
}

names! {
    /// How a request to `/hooks/<connector>` proves that it comes from the upstream.
    WebhookProof {
        /// A signature of id, time and body, as Standard Webhooks has it.
        Standard = "standard",
        /// A signature of the body.
        Body = "body",
        /// A token.
        Token = "token",
    }
}

names! {
    /// How host names are resolved.
    DnsResolver {
        /// The gateway queries the name servers itself.
        Builtin = "builtin",
        /// The C library, as configured in `/etc/nsswitch.conf`.
        System = "system",
    }
}

text_setting! {
    LogLevel, "one of \"error\", \"warn\", \"info\", \"debug\"", LogLevel::parse, |value| format!("\"{}\"", value.name());
    LogFormat, "one of \"json\", \"text\"", LogFormat::parse, |value| format!("\"{}\"", value.name());
    Audience, "one of \"public\", \"operators\"", Audience::parse, |value| format!("\"{}\"", value.name());
    CostMode, "one of \"enforce\", \"log\", \"off\"", CostMode::parse, |value| format!("\"{}\"", value.name());
    TrustMode, "one of \"off\", \"log\", \"enforce\"", TrustMode::parse, |value| format!("\"{}\"", value.name());
    StyleMode, "one of \"off\", \"warn\", \"deny\"", StyleMode::parse, |value| format!("\"{}\"", value.name());
    LogRequests, "one of \"none\", \"problems\", \"all\"", LogRequests::parse, |value| format!("\"{}\"", value.name());
    ShareInFlight, "one of \"auto\", \"on\", \"off\"", ShareInFlight::parse, |value| format!("\"{}\"", value.name());
    ResponseFormat, "one of \"content-type\", \"json\", \"text\"", ResponseFormat::parse, |value| format!("\"{}\"", value.name());
    WebhookProof, "one of \"standard\", \"body\", \"token\"", WebhookProof::parse, |value| format!("\"{}\"", value.name());
    DnsResolver, "one of \"builtin\", \"system\"", DnsResolver::parse, |value| format!("\"{}\"", value.name());
}
