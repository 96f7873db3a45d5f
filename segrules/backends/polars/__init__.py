"""Rules as Polars expressions, for whole tables of customers."""
