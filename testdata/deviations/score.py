"""Scores spans against truth, file by file, with the matching of the shared
scorer, and prints what deviates as JSON lines.

    score.py DIR-OF-score_spans.py PROTO,... TRUTH SPANS [TRUTH SPANS]...

One object per file: {"file", "counts": {...}, "deviations": [{"kind", "what", "span"}]}.
The kinds are missed, half, extra, swapped and the names of fields that differ.
"""
import collections, json, sys, types

sys.path.insert(0, sys.argv[1])
import score_spans as s  # noqa: E402

protos = set(sys.argv[2].split(","))
opt = types.SimpleNamespace(time_tol_ms=200, field_weight_ms=1000, show=1 << 30)


def span(x):
    return "%s %s" % (s.sbrief(x), s.get(x.a, "network.protocol.name"))


for truth_path, spans_path in zip(sys.argv[3::2], sys.argv[4::2]):
    truth = [t for t in s.read_truth(truth_path) if t["proto"] in protos]
    spans = [x for x in s.read_spans([spans_path]) if x.proto in protos]
    rows = collections.defaultdict(s.Row)
    s.score(truth, spans, opt, rows)
    counts, found = collections.Counter(), []
    for r in rows.values():
        counts.update({k: v for k, v in r.items() if isinstance(v, int)})
        found += [{"kind": "missed", "what": s.brief(t)} for t in r["missed"]]
        found += [{"kind": name, "what": s.brief(t), "span": span(x)} for name, t, x in r["bad"]]
        found += [{"kind": "extra", "what": span(x)} for x in r["extras"]]
    used = {x.used: x for x in spans if x.used is not None}
    for i, t in enumerate(truth):
        x = used.get(i)
        if s.tclass(t) == "half" and x is None:
            found.append({"kind": "half", "what": s.brief(t)})
        if x is not None and x.src and (x.src, x.sport) == (t["dst"], t["dport"]) != (t["src"], t["sport"]):
            found.append({"kind": "swapped", "what": s.brief(t), "span": span(x)})
    name = truth_path.rsplit("/", 1)[-1].removesuffix(".truth.ndjson")
    print(json.dumps({"file": name, "counts": counts, "deviations": found}))
