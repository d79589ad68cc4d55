"""A Ray cluster of two nodes on this machine: ``python -m tests.cluster_of_two DIR``.

It prints the address of its first node, adds the second one when it reads ``add``, kills that one when it
reads ``kill``, and exits at the end of its input.
"""

from __future__ import annotations

import sys

from ray.cluster_utils import Cluster

MEMORY = 100_000_000
"""bytes of a node's object store; nothing large is in it"""


def main(folder: str) -> None:
    """Carry out the commands on standard input."""
    head = {
        "num_cpus": 1,
        "include_dashboard": False,
        "object_store_memory": MEMORY,
        "temp_dir": folder,
    }
    cluster = Cluster(initialize_head=True, head_node_args=head)
    print(cluster.address, flush=True)
    second = None
    for line in sys.stdin:
        if line == "add\n":
            second = cluster.add_node(num_cpus=1, object_store_memory=MEMORY)
        else:
            assert second is not None
            cluster.remove_node(second, allow_graceful=False)
        print("done", flush=True)
    cluster.shutdown()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main(sys.argv[1])
