"""What the reference pages are made of: hand-written prose, and the facts put into it."""
