"""Where well ends: the limits that alerts, `freshet status` and `freshet doctor` share."""

FREE_BYTES_MIN = 500_000_000
"""Of the data folder's disk: below it Kafka and the next snapshot are soon without room."""
RESTARTS_MANY = 3
"""A process that was started again so often does not run well, even if it runs now."""
WAITED_S_MAX = 60.0
"""For a record in the log; an import of `freshet import` keeps at most FRESHET_IMPORT_LAG_S (20 s) waiting."""
WAITED_S_HARD = 900.0
"""The hard limit of how old an accepted change may be that nobody sees."""
OFFERS_FRESH_S = 5.0
"""At p95. A price waits for no encoder, import or not: 1 s is promised."""
FRESH_S = 30.0
"""At p95, of what is embedded: what an import may cost (FRESHET_IMPORT_LAG_S + 10 s). Without one it is 1 s."""
MERGE_WAITING_S = 60.0
SNAPSHOTS_DUE = 3.0
"""Snapshots' worth of records without one: a start has that much of the log to read."""
DEGRADED_SHARE = 0.05
SHED_SHARE = 0.01
ERROR_SHARE = 0.01
DEAD_SHARE = 0.05
"""Of the events: so many are no mistake in one product, but in a feed or a deploy."""
