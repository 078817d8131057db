"""Thresholds and rules in force, from shipped profiles."""
