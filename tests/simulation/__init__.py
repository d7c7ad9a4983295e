"""Worlds of virtual time in which the product's own protocol code lives through bad days, by seed."""
