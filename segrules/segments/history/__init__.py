"""Earlier assignments: how they are stored, read by rules, and what they say of migration."""
