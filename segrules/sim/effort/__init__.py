"""Hours follow pay: what agents earn, where their time goes, and what the firm gets for it."""
