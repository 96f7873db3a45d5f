"""Projects joined to the decision tools: what drives a scenario, what to set, test and trust."""
