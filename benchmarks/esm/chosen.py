"""Which real datasets the pool is made of, and which are its targets.

No source shares texts with a target (``overlap_groups.csv`` and ``overlap_measured.csv`` of the folder of
datasets), so that a source never scores well for having seen the target.
"""

from __future__ import annotations

__all__ = [
    "LARGE", "LARGE_CHARACTERS", "LARGE_ROWS", "LARGE_TUNED_ROWS", "SOURCES", "SOURCE_CHARACTERS",
    "SOURCE_ROWS", "TARGETS", "TARGET_CHARACTERS", "TARGET_ROWS",
]  # fmt: skip

SOURCE_ROWS, SOURCE_CHARACTERS = 1_000, 120
"""Rows of a source, and the characters of a row at most: what it is tuned on and its ESM fitted to."""

LARGE_ROWS, LARGE_TUNED_ROWS, LARGE_CHARACTERS = 10_000, 1_500, 200
"""Rows of a large source, of which the first are tuned on; all are embedded and its ESM fitted to them."""

TARGET_ROWS, TARGET_CHARACTERS = 1_000, 200

LARGE = (
    "clinc150", "clickbait", "swda_dialogue_acts", "stackoverflow_titles", "mpqa",
)  # fmt: skip
"""Sources with 10,000 rows of short texts: for the comparison with the reference's fit."""

SOURCES = (
    *LARGE,
    "hwu64", "comve_validation", "meld_sentiment", "cad_nli", "vader_tweets", "atis", "crowdflower_emotion",
    "dailydialog_act", "humicroedit_funniness", "mag_field", "davidson_hate", "med_monotonicity",
    "biomedical_titles", "sms_spam", "emobank_valence", "dnc_megaveridicality", "sst2", "hatecheck",
    "trecqa_wang", "title_conference", "squinky_formality", "customer_reviews_cr", "crisislex_t6",
    "medical_question_pairs", "clef2019_checkworthiness", "absa_restaurant", "figlang_sarcasm_reddit",
    "politeness_stackexchange", "amazon_counterfactual_en", "emotion_stimulus", "airline_sentiment", "conjnli",
    "isear", "search_snippets", "csabstruct",
)  # fmt: skip
"""In the order they are made: domains and task types take turns, so that a part of them is a mixture too."""

TARGETS = (
    "banking77", "scicite", "tweeteval_irony", "kaggle_insults", "hahackathon_humor", "rqe_medical",
    "sentihood", "emoint_anger", "ukp_convarg_rank",
)  # fmt: skip
