"""The kernel end as a module: its C tree, building, loading, handing over."""
