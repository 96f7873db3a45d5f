"""Estimation beyond the conversion of a funnel: what a firm's own tables say, and how surely.

Every result is a frozen dataclass that names its method, how much the data of each segment weigh
in it, and what is to be said of it. Uncertain results are posteriors: they are drawn from with
named luck (`luck`), never with a stream.
"""
