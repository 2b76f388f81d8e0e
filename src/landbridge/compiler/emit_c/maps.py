"""Bounded hash maps of the kernel end.

All entries are taken at load. Each is in a list: that of the free ones, or that of the used ones in order of
insertion; the used ones are also in a hash table. The interface's lock guards all of it.
"""

from __future__ import annotations

from landbridge.compiler import ir
from landbridge.compiler.emit_c import helpers
from landbridge.compiler.emit_c.code import Blank, Braces, Comment, Node, Text, block
from landbridge.compiler.emit_c.ctype import declare, declare_argument, is_scalar
from landbridge.compiler.emit_c.unit import Unit
from landbridge.spec import MapSpec
from landbridge.types import Array, StructType, Type

HEADERS = ("linux/jhash.h", "linux/list.h", "linux/mm.h", "linux/random.h", "linux/slab.h")


class MapCode:
    """The C of one Map.

    Args:
        unit: The file.
        map_: The Map.
    """

    def __init__(self, unit: Unit, map_: MapSpec) -> None:
        self.unit = unit
        self.map = map_
        self.name = unit.names.symbol(map_.name)
        self.entry = unit.names.entry(map_)
        self.verbs = {
            verb
            for kind, verb in (
                (ir.MapFind, "find"),
                (ir.MapInsert, "insert"),
                (ir.MapRemove, "remove"),
                (ir.MapClear, "clear"),
            )
            for node in unit.usage.uses(kind)
            if isinstance(node, kind) and node.map.name == map_.name
        }
        unit.include(HEADERS)
        unit.defines[self.limit] = str(map_.entries)
        unit.defines[self.buckets] = f"{1 << (map_.entries - 1).bit_length()}"

    @property
    def limit(self) -> str:
        return self.unit.names.macro(f"{self.map.name}_entries")

    @property
    def buckets(self) -> str:
        """Macro with the size of the hash table, a power of two."""
        return self.unit.names.macro(f"{self.map.name}_buckets")

    @property
    def changes(self) -> str:
        return self.unit.names.symbol("changes")

    @property
    def changes_membership(self) -> bool:
        """Whether any handler makes the map gain or lose entries."""
        return bool(self.verbs & {"insert", "remove", "clear"})

    @property
    def key_argument(self) -> str:
        return declare_argument(self.unit.names, self.map.key, "key")

    @property
    def _key(self) -> str:
        """A pointer to the key, for hashing."""
        return "&key" if is_scalar(self.map.key) else "key"

    def declarations(self) -> list[Node]:
        """The entry's struct and the map itself."""
        names, map_ = self.unit.names, self.map
        entry: list[Node] = [
            Text("struct hlist_node bucket;"),
            Text("struct list_head order;"),
            Text(declare(names, map_.key, "key") + ";"),
            Text(declare(names, map_.value, "value") + ";"),
        ]
        table: list[Node] = [
            Text(f"{self.entry} *entries;"),
            Text("struct hlist_head *buckets;"),
            Text("struct list_head used;"),
            Text("struct list_head free;"),
            Text("u32 length;"),
            Text("u32 seed;"),
        ]
        about = f"{map_.name}: at most {map_.entries} entries, in order of insertion."
        return [
            Comment((about,), None),
            Braces(self.entry, entry, ";"),
            Blank(),
            Braces("static struct", table, f" {self.name};"),
        ]

    def functions(self) -> list[Node]:
        """What handlers call."""
        nodes: list[Node] = []
        if self.verbs & {"find", "insert", "remove"}:
            nodes += [*self._bucket(), Blank(), *self._find(), Blank()]
        if "insert" in self.verbs:
            nodes += [*self._insert(), Blank()]
        if self.verbs & {"remove", "clear"}:
            nodes += [*self._free(), Blank()]
        if "remove" in self.verbs:
            nodes += [*self._remove(), Blank()]
        if "clear" in self.verbs:
            nodes += [*self._clear(), Blank()]
        return nodes

    def _function(self, head: str, body: list[Node], comment: str | None = None) -> list[Node]:
        made: Node = Braces(head, body, is_function=True)
        return [Comment((comment,)), made] if comment else [made]

    def _bucket(self) -> list[Node]:
        key = self.map.key
        last = f"return &{self.name}.buckets[hash & ({self.buckets} - 1)];"
        if isinstance(key, StructType) and has_padding(key):
            # Bytes of padding are the caller's; they must not count.
            head: list[Node] = [Text(f"{self.unit.names.struct(key)} bare = *key;"), Text("u32 hash;"), Blank()]
            head += [Text(f"memset(bare.{each}, 0, sizeof(bare.{each}));") for each in paddings(key)]
            self.unit.include(["linux/string.h"])
            hashed = f"hash = jhash(&bare, sizeof(bare), {self.name}.seed);"
        else:
            head = [Text("u32 hash;"), Blank()]
            size = "sizeof(key)" if is_scalar(key) else "sizeof(*key)" if isinstance(key, StructType) else str(key.size)
            hashed = f"hash = jhash({self._key}, {size}, {self.name}.seed);"
        body = [*head, Text(hashed), Text(last)]
        return self._function(f"static struct hlist_head *{self.name}_bucket({self.key_argument})", body)

    def _same_key(self) -> str:
        key = self.map.key
        if is_scalar(key):
            return "entry->key == key"
        if isinstance(key, (StructType, Array)):
            pointer = "&entry->key" if isinstance(key, StructType) else "entry->key"
            return f"{helpers.equal(self.unit, key)}({pointer}, key)"
        if key.name == "ipv6":
            self.unit.include(["net/ipv6.h"])
            return "ipv6_addr_equal(&entry->key, key)"
        self.unit.include(["linux/etherdevice.h"])
        return "ether_addr_equal_unaligned(entry->key, key)"

    def _find(self) -> list[Node]:
        loop = block(
            f"hlist_for_each_entry(entry, {self.name}_bucket(key), bucket)",
            [block(f"if ({self._same_key()})", [Text("return entry;")])],
        )
        body: list[Node] = [Text(f"{self.entry} *entry;"), Blank(), loop, Text("return NULL;")]
        return self._function(f"static {self.entry} *{self.name}_find({self.key_argument})", body)

    def _insert(self) -> list[Node]:
        key = self.map.key
        if is_scalar(key):
            store = "entry->key = key;"
        elif isinstance(key, Array) or key.name == "mac":
            store = "memcpy(entry->key, key, sizeof(entry->key));"
        else:
            store = "entry->key = *key;"
        value = self.map.value
        self.unit.include(["linux/string.h"])
        zero = "entry->value = 0;" if is_scalar(value) else "memset(&entry->value, 0, sizeof(entry->value));"
        body: list[Node] = [
            Text(f"{self.entry} *entry = {self.name}_find(key);"),
            Blank(),
            block("if (entry)", [Text("return entry;")]),
            Text(f"entry = list_first_entry_or_null(&{self.name}.free, {self.entry}, order);"),
            block("if (!entry)", [Text("return NULL;")]),
            Text(store),
            Text(zero),
            Text(f"hlist_add_head(&entry->bucket, {self.name}_bucket(key));"),
            Text(f"list_move_tail(&entry->order, &{self.name}.used);"),
            Text(f"{self.name}.length++;"),
            Text(f"atomic64_inc(&{self.changes});"),
            Text("return entry;"),
        ]
        head = f"static {self.entry} *{self.name}_insert({self.key_argument})"
        return self._function(head, body, "The entry of a key, a new one if it has none; NULL if the map is full.")

    def _free(self) -> list[Node]:
        body: list[Node] = [
            Text("hlist_del(&entry->bucket);"),
            Text(f"list_move(&entry->order, &{self.name}.free);"),
            Text(f"{self.name}.length--;"),
            Text(f"atomic64_inc(&{self.changes});"),
        ]
        return self._function(f"static void {self.name}_free({self.entry} *entry)", body)

    def _remove(self) -> list[Node]:
        body: list[Node] = [
            Text(f"{self.entry} *entry = {self.name}_find(key);"),
            Blank(),
            block("if (!entry)", [Text("return false;")]),
            Text(f"{self.name}_free(entry);"),
            Text("return true;"),
        ]
        return self._function(f"static bool {self.name}_remove({self.key_argument})", body)

    def _clear(self) -> list[Node]:
        loop = block(
            f"list_for_each_entry_safe(entry, next, &{self.name}.used, order)", [Text(f"{self.name}_free(entry);")]
        )
        body: list[Node] = [Text(f"{self.entry} *entry, *next;"), Blank(), loop]
        return self._function(f"static void {self.name}_clear(void)", body)

    def init(self) -> list[Node]:
        """Take the memory; the function undoes itself when it fails."""
        name, limit = self.name, self.limit
        body: list[Node] = [
            Text("u32 i;"),
            Blank(),
            Text(f"{name}.entries = kvcalloc({limit}, sizeof(*{name}.entries), GFP_KERNEL);"),
            Text(f"{name}.buckets = kvcalloc({self.buckets}, sizeof(*{name}.buckets), GFP_KERNEL);"),
            block(
                f"if (!{name}.entries || !{name}.buckets)",
                [Text(f"kvfree({name}.entries);"), Text(f"kvfree({name}.buckets);"), Text("return -ENOMEM;")],
            ),
            Blank(),
            Text(f"INIT_LIST_HEAD(&{name}.used);"),
            Text(f"INIT_LIST_HEAD(&{name}.free);"),
            block(f"for (i = 0; i < {limit}; i++)", [Text(f"list_add_tail(&{name}.entries[i].order, &{name}.free);")]),
            Text(f"{name}.seed = get_random_u32();"),
            Text("return 0;"),
        ]
        return self._function(f"static int __init {name}_init(void)", body)

    def exit(self) -> list[Node]:
        """Give the memory back."""
        body: list[Node] = [Text(f"kvfree({self.name}.buckets);"), Text(f"kvfree({self.name}.entries);")]
        return self._function(f"static void {self.name}_exit(void)", body)


def has_padding(type_: Type) -> bool:
    """Whether some bytes of a struct belong to no field."""
    if isinstance(type_, StructType):
        return bool(type_.padding) or any(has_padding(each.type) for each in type_.fields)
    return isinstance(type_, Array) and has_padding(type_.element)


def paddings(type_: StructType, path: str = "") -> list[str]:
    """The explicit members for padding, those of inner structs with their path."""
    found = [f"{path}__pad{i}" for i in range(len(type_.padding))]
    for each in type_.fields:
        if isinstance(each.type, StructType):
            found += paddings(each.type, f"{path}{each.name}.")
    return found
