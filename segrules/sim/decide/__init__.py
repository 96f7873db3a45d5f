"""From many futures to a decision: what drives it, what could turn it, what to learn and to do."""
