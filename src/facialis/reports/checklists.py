"""A study put beside TRIPOD+AI and PROBAST+AI: what the study itself knows, and what is left for its authors.

TRIPOD+AI's items bear the numbers of its checklist (Collins et al., BMJ 2024;385:e078378; version of January 2024), its
topics in our words. Of PROBAST+AI (Moons et al., BMJ 2025, doi 10.1136/bmj-2024-082505) only its parts and domains are
named, not its signalling questions: it is an assessment by readers, so nothing is judged here, and facts for it are
laid out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

FOR_THE_AUTHORS = "for the authors"


class Line(NamedTuple):
    """A line of a checklist: its number or part, what it asks, and what the study knows; None: for the authors."""

    item: str
    asks: str
    known: str | None


TRIPOD: tuple[tuple[str, str, str | None], ...] = (
    ("1", "title: development or evaluation, population, outcome", None),
    ("2", "abstract", None),
    ("3a", "healthcare context, diagnostic or prognostic, earlier models", None),
    ("3b", "target population, purpose and users", None),
    ("3c", "known inequalities between groups of people", None),
    ("4", "objectives: development, evaluation or both", "objectives"),
    ("5a", "sources of data and how representative they are", "source"),
    ("5b", "dates of collection", None),
    ("6a", "setting, number and place of centres", None),
    ("6b", "who was eligible", None),
    ("6c", "treatments received", None),
    ("7", "preparation and quality checks of the data", "preparation"),
    ("8a", "outcome: definition, when and how assessed", "outcome"),
    ("8b", "who assessed the outcome", None),
    ("8c", "blinding of that assessment", None),
    ("9a", "choice of predictors", "choice"),
    ("9b", "definition of the predictors", "predictors"),
    ("9c", "who assessed subjective predictors", "nobody"),
    ("10", "sample size and how it was arrived at", "size"),
    ("11", "missing data", "missing"),
    ("12a", "how data were used and parted", "parted"),
    ("12b", "how predictors were handled", "scaled"),
    ("12c", "type of model, building, tuning, internal validation", "model"),
    ("12d", "heterogeneity between clusters", None),
    ("12e", "measures and plots of performance, comparison of models", "measures"),
    ("12f", "updating of the model", "updating"),
    ("12g", "how predictions were calculated", "calculated"),
    ("13", "class imbalance", "imbalance"),
    ("14", "fairness", "fairness"),
    ("15", "output of the model and thresholds", "output"),
    ("16", "differences between development and evaluation data", "differences"),
    ("17", "ethical approval and consent", None),
    ("18a", "funding", None),
    ("18b", "conflicts of interest", None),
    ("18c", "protocol", None),
    ("18d", "registration", None),
    ("18e", "availability of the data", None),
    ("18f", "availability of the code", "code"),
    ("19", "involvement of patients and the public", None),
    ("20a", "flow of participants, with and without the outcome", "flow"),
    ("20b", "characteristics of the participants", None),
    ("20c", "comparison of predictors with the development data", "differences"),
    ("21", "participants and outcomes in each analysis", "analyses"),
    ("22", "the full model, and restrictions to its use", "specification"),
    ("23a", "performance with intervals, also in subgroups", "performance"),
    ("23b", "performance across clusters", None),
    ("24", "results of updating", "updating"),
    ("25", "interpretation, fairness among it", None),
    ("26", "limitations", "limitations"),
    ("27a", "poor or missing input in use", "poor"),
    ("27b", "what users must do and know", None),
    ("27c", "next steps", None),
)
"""Items of TRIPOD+AI: number, topic in our words, and the fact that answers it."""
PROBAST: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("development: quality", "participants and data sources", ("source", "flow")),
    ("development: quality", "predictors", ("predictors", "choice", "nobody")),
    ("development: quality", "outcome", ("outcome",)),
    ("development: quality", "analysis", ("size", "missing", "model", "scaled", "imbalance")),
    ("evaluation: risk of bias", "participants and data sources", ("source", "differences")),
    ("evaluation: risk of bias", "predictors", ("predictors", "preparation")),
    ("evaluation: risk of bias", "outcome", ("outcome",)),
    ("evaluation: risk of bias", "analysis", ("parted", "analyses", "missing", "measures", "performance")),
    ("both: applicability", "participants, predictors, outcome", ()),
)
"""Parts and domains of PROBAST+AI, and the facts that bear on them."""


def checklists(results: Mapping[str, Any]) -> dict[str, list[Line]]:
    """Return both lists, filled with what a study's ``results.json`` knows.

    A fact is there only where the results hold it; nothing is inferred about people, places or consent.
    """
    facts = _facts(results)
    return {
        "TRIPOD+AI": [Line(item, asks, facts.get(fact) if fact else None) for item, asks, fact in TRIPOD],
        "PROBAST+AI": [
            Line(part, domain, " ".join(facts[name] for name in names if name in facts) or None)
            for part, domain, names in PROBAST
        ],
    }


def _facts(results: Mapping[str, Any]) -> dict[str, str]:
    ran = [row for row in results["rows"] if "error" not in row]
    facts = {
        "objectives": "Development, and evaluation by held-out subjects of the same cohort; no external evaluation.",
        "nobody": "No predictor is assessed by people: all are computed from pictures.",
        "parted": (
            f"{results['split']['name']}, {results['split']['n_folds']} folds, seed {results['seed']}; no subject on "
            "both sides of a fold; scaling, tuning and thresholds are fitted inside the training side."
        ),
        "scaled": "Whatever is scaled is scaled by the training side of each fold; settings stand with each row above.",
        "differences": "Development and evaluation subjects are parted from the same cohort at random.",
        "updating": "None.",
        "calculated": "By facialis from the pictures; each prediction stands in predictions.parquet.",
        "code": "facialis, Apache-2.0; " + ", ".join(f"{k} {v}" for k, v in results["versions"].items()) + ".",
        "poor": "Frames without a usable face are left out, and counted as wrong in a figure of their own above.",
        "measures": (
            "F1, precision and recall as means over the folds and pooled, by frame, sequence and subject; ROC, "
            "precision and recall, reliability (ECE, Brier), decision curve; paired permutation tests with Holm's "
            "correction where rows are compared; intervals by bootstrap over subjects."
        ),
    }
    if results["simulated"]:
        facts["source"] = "Simulated faces, no people; cohort " + results["cohort"]["hash"][:12] + "."
        facts["outcome"] = "Known by construction: a simulated palsy moves some landmark by 1 mm or more."
        facts["limitations"] = "Simulated: the figures say how hard the simulation is, nothing of patients."
    for name, text in (("choice", _modalities), ("model", _models), ("flow", _flow), ("analyses", _analyses)):
        if ran:
            facts[name] = text(results, ran)
    if ran:
        row = ran[0]
        facts["predictors"] = facts["choice"]
        facts["size"] = f"{row['n_patients']} patients, {row['n_healthy']} healthy subjects, {row['n_frames']} frames."
        unusable = row["all_frames"]["n_unusable"]
        facts["missing"] = f"{unusable} frames without a usable face were left out; no value is imputed."
        facts["performance"] = " ".join(_performance(row) for row in ran)
        thresholds = sorted({str(results["recipes"].get(row["recipe"], {}).get("threshold", "argmax")) for row in ran})
        facts["output"] = f"Probability of palsy for each frame; the class by {', '.join(thresholds)}."
        facts["specification"] = "Settings of each row stand above; trained weights are kept only in a detector bundle."
    return facts


def _modalities(results: Mapping[str, Any], ran: list[Any]) -> str:
    return (
        "Computed from the face's landmarks and pixels: " + "; ".join(dict.fromkeys(r["modality"] for r in ran)) + "."
    )


def _models(results: Mapping[str, Any], ran: list[Any]) -> str:
    tuned = ", ".join(results["select"]) if results.get("select") else "none"
    return f"{'; '.join(row['name'] for row in ran)}. Settings chosen inside the folds: {tuned}."


def _flow(results: Mapping[str, Any], ran: list[Any]) -> str:
    row = ran[0]
    parts = [
        f"{name}: {row[count]} subjects, {group['n_usable']} frames used, {group['n_unusable']} without a usable face"
        for name, count, group in (
            ("patients", "n_patients", row["groups"]["patient"]),
            ("healthy", "n_healthy", row["groups"]["healthy"]),
        )
    ]
    return "; ".join(parts) + "."


def _analyses(results: Mapping[str, Any], ran: list[Any]) -> str:
    trained, tested = ([fold[key] for fold in ran[0]["folds"]] for key in ("n_train", "n_test"))
    return (
        f"A fold trains on {min(trained)} to {max(trained)} frames and tests on {min(tested)} to {max(tested)}; each "
        "fold's subjects stand above."
    )


def _performance(row: Mapping[str, Any]) -> str:
    low, high = row["f1_interval"]
    if row["f1"] is None or low is None:
        return f"{row['name']}: F1 undefined."
    return f"{row['name']}: F1 {row['f1']:.1f} (95 % {low:.1f} to {high:.1f})."
