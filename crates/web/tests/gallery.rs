//! What the gallery's cards say.
#![allow(clippy::unwrap_used)]

use rangewalk_core::scenario::gallery::GALLERY;
use rangewalk_web::model::gallery::cards;

#[test]
fn a_card_claims_a_kernels_agreement_only_where_the_record_has_one() {
    let record = include_str!("../../../scenarios/verdicts.txt");
    for (card, exhibit) in cards().iter().zip(GALLERY) {
        let line = record.lines().find(|line| line.starts_with(&format!("{} ", exhibit.name)));
        let words: Vec<&str> = line.unwrap_or_default().split(' ').collect();
        let said = match words[..] {
            [_, linux, asked, word] => format!("{word} with Linux {linux}\nasked {asked}"),
            _ => "no kernel was asked".to_owned(),
        };
        assert_eq!(card.verdict, said.replace("differs with", "differs from"), "{}", exhibit.name);
    }
}
