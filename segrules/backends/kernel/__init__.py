"""The kernel target: rules over arrays, in loops compiled once for all rulesets."""
