//! The catalogue: services, the departments that publish them, and how they are searched.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::{Value, json};

const SERVICES: &str = include_str!("../../data/umang/services.csv");

/// Categories in the order of their ids, which count from 1.
pub(super) const CATEGORIES: [&str; 12] = [
    "Education",
    "Health",
    "Transport",
    "Utility",
    "Farmers",
    "Social Security",
    "Skills & Employment",
    "Public Grievance",
    "Police",
    "Women & Child",
    "Housing",
    "General",
];

/// States that have services of their own; `IN` is all of India.
pub(super) const STATES: [(&str, &str); 13] = [
    ("IN", "All India"),
    ("AN", "Andaman & Nicobar Islands"),
    ("AS", "Assam"),
    ("BR", "Bihar"),
    ("CH", "Chandigarh"),
    ("DN", "Dadra & Nagar Haveli"),
    ("GJ", "Gujarat"),
    ("HR", "Haryana"),
    ("JH", "Jharkhand"),
    ("JK", "Jammu & Kashmir"),
    ("MP", "Madhya Pradesh"),
    ("PY", "Puducherry"),
    ("TN", "Tamil Nadu"),
];

/// One service, a row of `services.csv`.
#[derive(Debug, Deserialize)]
pub(super) struct Service {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) department: String,
    pub(super) department_name: String,
    pub(super) state: String,
    category: String,
    languages: String,
    platforms: String,
    pub(super) popularity: u32,
    rating: String,
    ratings: u64,
    pub(super) new: String,
}

impl Service {
    /// The id of its category.
    pub(super) fn category_id(&self) -> String {
        let index = CATEGORIES.iter().position(|name| *name == self.category);
        index.map_or_else(String::new, |index| (index + 1).to_string())
    }

    pub(super) fn speaks(&self, language: &str) -> bool {
        self.languages.split(',').any(|code| code == language)
    }

    pub(super) fn runs_on(&self, platform: &str) -> bool {
        self.platforms.split('|').any(|code| code == platform)
    }
}

/// The catalogue and the ratings given since it was opened.
#[derive(Debug)]
pub(super) struct Catalogue {
    services: Vec<Service>,
    /// Stars by service and device: a device counts once.
    stars: HashMap<String, BTreeMap<String, u64>>,
}

/// What a search of the directory asks for.
#[derive(Debug, Default)]
pub(super) struct Filter {
    pub(super) category: Option<String>,
    pub(super) language: Option<String>,
    pub(super) platform: Option<String>,
    pub(super) department: Option<String>,
    pub(super) state: Option<String>,
    /// Whether they are for all of India, or for a state.
    pub(super) nationwide: Option<bool>,
}

/// Whether a state's code, or `IN` for all of India, is what a search asks for.
pub(super) fn is_of(nationwide: Option<bool>, state: &str) -> bool {
    nationwide.is_none_or(|wanted| wanted == (state == "IN"))
}

impl Catalogue {
    /// The committed data. An error names what is wrong with them.
    pub(super) fn open() -> Result<Self, String> {
        let services: Result<Vec<Service>, _> = csv::Reader::from_reader(SERVICES.as_bytes())
            .deserialize()
            .collect();
        Ok(Self {
            services: services.map_err(|e| e.to_string())?,
            stars: HashMap::new(),
        })
    }

    /// All services, in the order of their ids.
    pub(super) fn services(&self) -> &[Service] {
        &self.services
    }

    pub(super) fn filter(&self, filter: &Filter) -> Vec<&Service> {
        let is =
            |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|w| w == value);
        self.services
            .iter()
            .filter(|s| is(&filter.category, &s.category_id()))
            .filter(|s| is(&filter.department, &s.department))
            .filter(|s| is(&filter.state, &s.state))
            .filter(|s| is_of(filter.nationwide, &s.state))
            .filter(|s| filter.language.as_deref().is_none_or(|code| s.speaks(code)))
            .filter(|s| {
                filter
                    .platform
                    .as_deref()
                    .is_none_or(|code| s.runs_on(code))
            })
            .collect()
    }

    /// Services in which every word is found; those whose name has them all come first, then the popular ones.
    pub(super) fn search(&self, text: &str) -> Vec<&Service> {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let all_in = |place: &str| {
            let place = place.to_lowercase();
            words.iter().all(|word| place.contains(word.as_str()))
        };
        let everything = |s: &Service| format!("{} {} {}", s.name, s.department_name, s.category);
        let mut services: Vec<&Service> = self
            .services
            .iter()
            .filter(|s| all_in(&everything(s)))
            .collect();
        services.sort_by_key(|s| (!all_in(&s.name), u32::MAX - s.popularity));
        services
    }

    /// Departments: id, name, state and number of services, in the order of their ids.
    pub(super) fn departments(&self) -> Vec<Value> {
        let mut departments: BTreeMap<&str, (&Service, usize)> = BTreeMap::new();
        for service in &self.services {
            departments
                .entry(&service.department)
                .or_insert((service, 0))
                .1 += 1;
        }
        departments
            .into_iter()
            .map(|(id, (service, count))| {
                json!({
                    "deptid": id,
                    "deptname": service.department_name,
                    "stid": service.state,
                    "srvcnt": count.to_string(),
                })
            })
            .collect()
    }

    /// Gives stars to a service; false when there is no such service.
    pub(super) fn rate(&mut self, service: &str, device: String, stars: u64) -> bool {
        let exists = self.services.iter().any(|s| s.id == service);
        if exists {
            self.stars
                .entry(service.to_owned())
                .or_default()
                .insert(device, stars);
        }
        exists
    }

    /// One service as the interface shows it: every figure is a string.
    pub(super) fn row(&self, service: &Service) -> Value {
        let given = self.stars.get(&service.id);
        let (sum, count) = given.map_or((0, 0), |stars| (stars.values().sum(), stars.len() as u64));
        let ratings = service.ratings + count;
        let rating = match (service.rating.parse::<f64>(), count) {
            (Err(_), 0) => "NA".to_owned(),
            (before, _) => {
                let total = before.unwrap_or(0.0) * service.ratings as f64 + sum as f64;
                format!("{:.1}", total / ratings as f64)
            }
        };
        // Some departments type their category themselves.
        let category = match service.id.bytes().last() {
            Some(b'3') => service.category.to_uppercase(),
            Some(b'5') => format!("{} ", service.category),
            _ => service.category.clone(),
        };
        json!({
            "srvid": service.id,
            "srvname": service.name,
            "deptid": service.department,
            "deptname": service.department_name,
            "catid": service.category_id(),
            "catname": category,
            "stid": service.state,
            "lang": service.languages,
            "pltfrm": service.platforms,
            "popularity": service.popularity.to_string(),
            "avgrating": rating,
            "ratecount": grouped(ratings),
            "isnew": service.new,
        })
    }
}

/// Digits grouped the Indian way: `12,34,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let (mut head, tail) = digits.split_at(digits.len().saturating_sub(3));
    let mut groups = vec![tail];
    while !head.is_empty() {
        let (rest, group) = head.split_at(head.len().saturating_sub(2));
        groups.push(group);
        head = rest;
    }
    groups.reverse();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_are_grouped_the_indian_way() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (123_456, "1,23,456"),
            (1_234_567, "12,34,567"),
        ];
        for (number, text) in cases {
            assert_eq!(grouped(number), text);
        }
    }
}
