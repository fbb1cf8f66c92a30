"""Which real datasets the matrix is made of, how many rows of each, and how they are trained on.

Sources and targets stand in the order in which the matrix grows: the first 24 and the first 6 are the first
matrix, all of them the whole. Domains and task types take turns, and for every target there is a source that
people would try first.
"""

from __future__ import annotations

from models.tuning import TuningSettings

__all__ = [
    "CHECKED_ROWS", "FIRST_SOURCES", "FIRST_TARGETS", "RATES", "SOURCES", "SOURCE_ROWS", "TARGETS", "TEST_ROWS",
    "TRAINING_ROWS", "source_settings", "stem", "target_settings",
]  # fmt: skip

FIRST_SOURCES, FIRST_TARGETS = 24, 6

SOURCES = (
    "semeval2017_sentiment", "conjnli", "crowdflower_emotion", "swda_dialogue_acts", "clinc150", "vader_amazon",
    "med_monotonicity", "figlang_sarcasm_twitter", "stackoverflow_titles", "vader_nyt", "comve_validation",
    "mag_field", "davidson_hate", "mrda_dialogue_acts", "mams_atsa", "emobank_arousal", "clickbait",
    "breaking_nli", "crisislex_t6", "customer_reviews_cr", "isear", "tweeteval_emoji", "banking77",
    "hahackathon_humor",
    # The whole matrix.
    "vader_movie", "squinky_formality", "csabstruct", "hatecheck", "dnc_factuality", "ag_news",
    "absa_restaurant", "rqe_medical", "toxicity_templates", "meld_sentiment", "vader_tweets",
    "crisislex_info_type", "stormfront_hate", "subj", "politeness_stackexchange", "multicite_intent",
)  # fmt: skip

TARGETS = (
    "sst2", "dailydialog_act", "emobank_valence", "tweeteval_irony", "cad_nli", "search_snippets",
    # The whole matrix.
    "sentihood", "emotion_stimulus", "politeness_wikipedia", "atis", "humicroedit_funniness", "absa_laptop",
    "sciie_relations", "tweeteval_hate", "medical_question_pairs", "title_conference",
)  # fmt: skip

SOURCE_ROWS = 2_000
"""Rows of a source that the encoder is tuned on, at most."""

TRAINING_ROWS = 100
"""Rows of a target that the encoder is tuned on: few, where a source can help."""

CHECKED_ROWS = 300
"""Rows of a target that settings are chosen on: neither trained nor tested on."""

TEST_ROWS = 1_000
"""Rows of a target's published test split that a tuned encoder is tested on, at most."""

RATES = (2e-5, 5e-5, 1e-4, 2e-4)
"""Peak learning rates among which a target's is chosen, on the baseline."""


def stem(encoder: str, training: int = TRAINING_ROWS) -> str:
    """How the files of a matrix begin: each number of training rows has a matrix, and tables, of its own."""
    return encoder if training == TRAINING_ROWS else f"{encoder}_{training}"


def source_settings(seed: int) -> TuningSettings:
    """How the encoder is tuned on a source; the ready-made pool's sources are tuned like this too."""
    return TuningSettings(epochs=2, learning_rate=5e-5, seed=seed)


def target_settings(rate: float, seed: int, epochs: float = 15) -> TuningSettings:
    """How it is tuned on a target: about a hundred steps, by which a baseline has stopped improving."""
    return TuningSettings(epochs=epochs, batch_size=16, learning_rate=rate, seed=seed)
