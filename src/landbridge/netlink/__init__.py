"""Netlink: the wire format, conversations with the kernel, and streams of its events.

What needs no kernel is apart from what does::

    constants   numbers of linux/netlink.h
    wire        messages as bytes: walk, build
    attributes  attributes as bytes: walk, read        writer      write
    extack      what the kernel says about a request that it refused
    request     an operation, a request, the answer that is due
    conversation  who gets which answer                ledger      which events were lost
    statistics  what a socket has seen             caution     remarks that are no errors
    ---- below this line there are sockets ----
    namespace   the network namespace they are in
    port        one socket: the only place that talks to the socket API
    pool        the ports behind one socket                completion  receiving until all is answered
    dump        tables in many messages
    socket      requests, batches, dumps               subscription  events
    generic     generic netlink: families by name
"""
