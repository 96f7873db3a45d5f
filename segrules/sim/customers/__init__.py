"""The engine of customers: every row lives on, and the rules are asked of it again each period."""
