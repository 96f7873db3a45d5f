"""Discrete events: single customers who queue for pools of agents, many days over."""
