"""imp1: one message each way, through setsockopt and getsockopt.

landbridge run examples/imp1.py
"""

from typing import Annotated

import landbridge as lb

Message = Annotated[str, lb.Chars(64)]


class Imp1(lb.Interface):
    """Exchange one message with the kernel."""

    @lb.command(number=1)
    def tell(self, message: Message) -> None:
        """Write the message to the kernel log."""
        lb.pr_info("umsg: %s", message)

    @lb.command(number=1)  # a set and a get may share a number, as the kernel allows
    def ask(self) -> Message:
        """Give the kernel's message."""
        return "a message from kernel\n"


if __name__ == "__main__":
    with lb.load(Imp1, over=lb.sockopt(base=0x4C00)) as imp1:  # 128, the classic number, is ebtables'
        imp1.tell("a message from userspace\n")
        print("kmsg:", imp1.ask(), end="")
