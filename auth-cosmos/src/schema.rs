//! The containers: what each is called, how it is cut into partitions, what it indexes, and when it forgets.
use azure_data_cosmos::models::{
    ContainerProperties, IndexingMode, IndexingPolicy, PartitionKeyDefinition, TimeToLive,
};

/// One container.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Its name in the database.
    pub name: &'static str,
    /// What is kept in it, for people.
    pub holds: &'static str,
    /// Where its documents have the value that they are spread by.
    pub partition: &'static str,
    /// Whether documents say themselves how long they are kept. Where not, nothing is ever forgotten.
    pub forgets: bool,
    /// What queries look at; nothing else is indexed, since all the rest is found by its id. A partition's key that is not
    /// indexed would have a query within one partition look at all that lies on the same machine.
    pub indexed: &'static [&'static str],
}

/// Accounts.
pub const USERS: Schema =
    Schema { name: "users", holds: "accounts, by their ids", partition: "/id", forgets: false, indexed: &[] };
/// Reservations.
pub const NAMES: Schema = Schema {
    name: "names",
    holds: "logins and e-mails, by keyed hashes: whose each is; the signing keys, encrypted",
    partition: "/id",
    forgets: false,
    indexed: &[],
};
/// Sessions.
pub const SESSIONS: Schema = Schema {
    name: "sessions",
    holds: "signed-in devices, those of an account together",
    partition: "/pk",
    forgets: true,
    indexed: &["/pk/?"],
};
/// Codes.
pub const CODES: Schema = Schema {
    name: "codes",
    holds: "codes that were mailed, by keyed hashes of the addresses",
    partition: "/id",
    forgets: true,
    indexed: &[],
};
/// Counters.
pub const COUNTERS: Schema = Schema {
    name: "counters",
    holds: "how often what was tried, by keyed hashes",
    partition: "/id",
    forgets: true,
    indexed: &[],
};
/// Mails.
pub const OUTBOX: Schema = Schema {
    name: "outbox",
    holds: "mails on their way out, encrypted",
    partition: "/pk",
    forgets: true,
    indexed: &["/pk/?", "/record/ready/?", "/record/dead/?"],
};
/// Documents.
pub const DOCUMENTS: Schema = Schema {
    name: "documents",
    holds: "small records of a protocol, those of an owner together",
    partition: "/pk",
    forgets: true,
    indexed: &["/pk/?", "/record/live/key/kind/?"],
};

/// All of them.
pub const ALL: [Schema; 7] = [USERS, NAMES, SESSIONS, CODES, COUNTERS, OUTBOX, DOCUMENTS];

impl Schema {
    /// As the SDK creates it.
    pub fn properties(&self) -> ContainerProperties {
        let indexing = IndexingPolicy::default().with_indexing_mode(IndexingMode::Consistent).with_excluded_path("/*");
        let mut indexing = self.indexed.iter().fold(indexing, |indexing, path| indexing.with_included_path(*path));
        indexing.automatic = true; // off unless it is said
        let properties = ContainerProperties::new(self.name, PartitionKeyDefinition::from(self.partition))
            .with_indexing_policy(indexing);
        if self.forgets { properties.with_default_ttl(TimeToLive::NoDefault) } else { properties }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The service takes no keyword of its query language behind a dot, though the emulator does.
    #[test]
    fn no_field_that_is_asked_for_is_a_word_of_the_query_language() {
        const KEYWORDS: &str = "all and any array as asc between by case cast convert cross desc distinct else end escape \
                                exists false first for from group having in inner insert into is join last left like limit \
                                not null offset on or order outer over right select set some then top true udf undefined \
                                unique update value when where with";
        let fields = ALL.iter().flat_map(|schema| schema.indexed).flat_map(|path| path.split('/'));
        for field in fields {
            assert!(!KEYWORDS.split_whitespace().any(|keyword| keyword == field), "{field}");
        }
    }
}
