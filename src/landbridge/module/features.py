"""Which forms of the kernel's API a target has: small pieces of C are compiled against its headers.

Versions do not tell: stable kernels take over changes of the API from later ones.
"""

from __future__ import annotations

import json

from landbridge.kernel.target import KernelTarget
from landbridge.module import kbuild, store

# One function each, in a file of its own; the form is there if the file compiles.
_FORMS = {
    "timer_delete_sync": "#include <linux/timer.h>\nint form(struct timer_list *t);\n"
    "int form(struct timer_list *t)\n{\n\treturn timer_delete_sync(t);\n}\n",
    "timer_shutdown_sync": "#include <linux/timer.h>\nint form(struct timer_list *t);\n"
    "int form(struct timer_list *t)\n{\n\treturn timer_shutdown_sync(t);\n}\n",
    "genl_split_ops": "#include <net/genetlink.h>\nextern const struct genl_split_ops form[1];\n"
    "const struct genl_split_ops form[1] = { { .cmd = 1 } };\n",
    "genl_mcast_cap": "#include <net/genetlink.h>\nextern const int form;\n"
    "const int form = GENL_MCAST_CAP_NET_ADMIN | GENL_MCAST_CAP_SYS_ADMIN;\n",
    "genl_mcast_cap_sys_admin": "#include <net/genetlink.h>\nextern const struct genl_multicast_group form;\n"
    "const struct genl_multicast_group form = { .flags = GENL_UNS_ADMIN_PERM, .cap_sys_admin = 1 };\n",
    "nl_set_err_attr_miss": "#include <linux/netlink.h>\nvoid form(struct netlink_ext_ack *extack);\n"
    "void form(struct netlink_ext_ack *extack)\n{\n\tNL_SET_ERR_ATTR_MISS(extack, NULL, 1);\n}\n",
}


def features(target: KernelTarget) -> frozenset[str]:
    """The forms that a target has. Asked of the compiler once per target (about 2 s), then remembered.

    Raises:
        BuildError: Nothing can be built against these headers.
    """
    forms = json.dumps(_FORMS, sort_keys=True)
    key = store.key_of("features", forms, target.release, str(target.headers), kbuild.compiler_of(target))
    there = store.path_of(key, "features.json")
    if not there.exists():
        with store.locked(key):
            if not there.exists():
                _ask(target, key)
    return frozenset(json.loads(there.read_text()))


def _ask(target: KernelTarget, key: str) -> None:
    with store.workspace() as work:
        objects = []
        for name, text in {**_FORMS, "always": "int form;\n"}.items():
            (work / f"{name}.c").write_text(f"// SPDX-License-Identifier: GPL-2.0\n{text}")
            objects.append(f"{name}.o")
        (work / "Kbuild").write_text(f"obj-m := {' '.join(objects)}\n")
        log = kbuild.make(target, work, objects, flags="-Werror=implicit-function-declaration", keep_going=True)
        if not (work / "always.o").exists():
            # Not even the empty form compiles: let the real build say why.
            kbuild.make(target, work, ["always.o"])
            raise AssertionError(f"the build is not repeatable:\n{log}")
        found = sorted(name for name in _FORMS if (work / f"{name}.o").exists())
        (work / "features.json").write_text(json.dumps(found))
        store.keep(key, work / "features.json")
