"""faiss and hnswlib on the vectors that `cargo bench --bench scale -- --peers python3` writes.

Reads vectors.f32, queries.f32 and truth.i64 in a folder, prints a line an index and writes peers.json there. Each query
is asked by itself, as the program does.
"""

import argparse
import json
import os
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=Path)
parser.add_argument("--width", type=int, required=True)
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--scan-ms", type=float, required=True, help="the quickest query of the program's own scan")
parser.add_argument("--graphs", choices=["yes", "no"], required=True)
args = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(args.threads)

import faiss  # noqa: E402 (after OMP_NUM_THREADS)
import hnswlib  # noqa: E402
import numpy as np  # noqa: E402

K = 10
faiss.omp_set_num_threads(args.threads)
vectors = np.fromfile(args.folder / "vectors.f32", dtype="<f4").reshape(-1, args.width)
queries = np.fromfile(args.folder / "queries.f32", dtype="<f4").reshape(-1, args.width)
truth = np.fromfile(args.folder / "truth.i64", dtype="<i8").reshape(len(queries), -1)
figures = []


def memory_mb():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def measure(name, build, search, save, load, settings=(None,), setting=None):
    """`build()` gives an index, `search(index, query)` its row numbers; `settings` are tried on one index in turn."""
    before, start = memory_mb(), time.perf_counter()
    index = build()
    build_s, memory = time.perf_counter() - start, memory_mb() - before
    file = args.folder / "peer"
    save(index, str(file))
    start = time.perf_counter()
    index = load(str(file))
    load_s, size = time.perf_counter() - start, file.stat().st_size
    file.unlink()
    for value in settings:
        if setting is not None:
            setting(index, value)
        times, found, processor_s = [], 0, 0.0
        for query in queries[:20]:
            search(index, query)
        for query, nearest in zip(queries, truth):
            before, start = time.process_time(), time.perf_counter()
            hits = search(index, query)
            times.append((time.perf_counter() - start) * 1e3)
            processor_s += time.process_time() - before
            found += len(np.intersect1d(hits, nearest))
        line = {
            "index": name if value is None else f"{name} {value}",
            "rows": len(vectors),
            "threads": args.threads,
            "build_s": build_s,
            "memory_mb": memory,
            "file_mb": size / 1e6,
            "load_s": load_s,
            "least_ms": min(times),
            "p50_ms": float(np.percentile(times, 50)),
            "p99_ms": float(np.percentile(times, 99)),
            "processor_ms": processor_s * 1e3 / len(times),
            "to_scan": min(times) / args.scan_ms,
            "recall_at_10": found / truth.size,
        }
        figures.append(line)
        print(
            "{index:<28} {rows:>9} {threads:>3} {build_s:>9.2f} {memory_mb:>9.0f} {file_mb:>8.0f} {load_s:>7.2f}"
            " {least_ms:>8.3f} {p50_ms:>8.3f} {p99_ms:>8.3f} {processor_ms:>8.3f} {to_scan:>7.2f}"
            " {recall_at_10:>7.4f}".format(**line),
            flush=True,
        )


def by_faiss(name, make, **others):
    def build():
        index = make()
        if not index.is_trained:
            index.train(vectors[: 200 * 1000])
        index.add(vectors)
        return index

    def search(index, query):
        return index.search(query[None], K)[1][0]

    measure(name, build, search, faiss.write_index, faiss.read_index, **others)


def by_hnswlib():
    def build():
        index = hnswlib.Index(space="ip", dim=args.width)
        index.init_index(max_elements=len(vectors), M=16, ef_construction=200)
        index.set_num_threads(args.threads)
        index.add_items(vectors)
        return index

    def load(file):
        index = hnswlib.Index(space="ip", dim=args.width)
        index.load_index(file, max_elements=len(vectors))
        index.set_num_threads(args.threads)
        return index

    measure(
        "hnswlib M=16 ef",
        build,
        lambda index, query: index.knn_query(query[None], k=K)[0][0],
        lambda index, file: index.save_index(file),
        load,
        settings=(100, 400),
        setting=lambda index, ef: index.set_ef(ef),
    )


INNER = faiss.METRIC_INNER_PRODUCT
by_faiss("faiss flat", lambda: faiss.IndexFlatIP(args.width))
by_faiss(
    "faiss 8-bit scalar",
    lambda: faiss.IndexScalarQuantizer(args.width, faiss.ScalarQuantizer.QT_8bit, INNER),
)
lists = max(16, int(4 * len(vectors) ** 0.5))
by_faiss(
    "faiss IVF nprobe",
    lambda: faiss.index_factory(args.width, f"IVF{lists},Flat", INNER),
    settings=(16, 64),
    setting=lambda index, probes: setattr(index, "nprobe", probes),
)
if args.graphs == "yes":
    by_faiss(
        "faiss HNSW32 ef",
        lambda: faiss.index_factory(args.width, "HNSW32,Flat", INNER),
        settings=(100, 400),
        setting=lambda index, ef: setattr(index.hnsw, "efSearch", ef),
    )
    by_hnswlib()
(args.folder / "peers.json").write_text(json.dumps(figures))
