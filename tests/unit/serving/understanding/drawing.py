"""Queries that Hypothesis draws: words that mean something to a step, in any order, and any text at all."""

from hypothesis import strategies as st

WORDS = """
under below over between and to from price budget € $ euro pounds 5 20 50 1,000 19.99 1/2 30x40 kids inch in cm 2tb
without no not non - free except with for too just fan sugar black wi-fi frost stick or nor 500gb 15 x " ' ( ) , . % <
k don't -red lamp
"""
queries = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(WORDS.split()), max_size=14).map(" ".join))
