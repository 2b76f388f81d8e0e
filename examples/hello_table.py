"""A table: a generator in the kernel, read as rows in one pass; here, its processes.

landbridge run examples/hello_table.py
"""

from collections.abc import Iterator
from typing import Annotated

import landbridge as lb


class Task(lb.Struct):
    """One process."""

    pid: lb.s32
    uid: lb.u32
    comm: Annotated[str, lb.Chars(16)]


class Hello(lb.Interface):
    """Show the kernel's processes."""

    @lb.table
    def tasks(self) -> Iterator[Task]:
        """Each process, in the order in which they were made."""
        for task in lb.for_each_process():
            yield Task(pid=task.pid, uid=task.uid, comm=task.comm)


if __name__ == "__main__":
    with lb.load(Hello, over=lb.netlink) as hello:
        print(f"{'pid':>7} {'uid':>7} name")
        for task in hello.tasks:
            print(f"{task.pid:>7} {task.uid:>7} {task.comm}")
