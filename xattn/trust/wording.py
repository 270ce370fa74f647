"""Numbers as a sentence says them: probabilities, and numbers in their unit."""

from scipy.special import expit

from xattn.records import Target

DECIMALS = {"g/cm²": 3, "log-odds": 2}


def probability(value: float) -> str:
    """A probability with two decimals, never a certain 0 or 1."""
    if value < 0.005:
        return "below 0.01"
    return "above 0.99" if value >= 0.995 else f"{value:.2f}"


def percent(share: float) -> str:
    """A share in whole percent."""
    return f"{share:.0%}".replace("%", " %")


def is_probability(target: Target) -> bool:
    """Whether the target's sigmoid is a probability: log-odds of one output, not of two."""
    return target.unit == "log-odds" and target.minus is None


def said(target: Target, value: float) -> str:
    """A value of the target in words: a probability, or the number with its unit."""
    if is_probability(target):
        return f"probability {probability(float(expit(value)))}"
    number = f"{value:.{DECIMALS.get(target.unit, 3)}f}".replace("-", "−")
    return f"{number} {target.unit}"


def span(target: Target, low: float, high: float) -> str:
    """Two values of the target as a range in words."""
    if is_probability(target):
        ends = [probability(float(expit(end))) for end in (low, high)]
        return f"probability {ends[0]} to {ends[1]}"
    first = said(target, low).removesuffix(f" {target.unit}")
    return f"{first} to {said(target, high)}"
