"""What was measured, as lines for the screen."""

_NUM_OPERATORS = 4  # As many as a line holds.


def make_table(document):
    """Returns lines for the screen.

    Args:
        document: What `export.benchmark.report.make_document` returned.
    """
    lines = []
    rows = document["rows"]
    width = max(len(row["name"]) for row in rows)
    for threads in rows[0]["threads"]:
        word = "thread" if threads == "1" else "threads"
        lines += [
            f"{threads} {word}",
            f"  {'':{width}} {'times as fast':>20} {'ms a call':>10}"
            f" {'quartiles':>15} {'load ms':>8} {'MB more':>8}",
            f"  {'':{width}} {'wall':>10} {'CPU':>9}",
        ]
        for row in rows:
            lines.append(_describe_row(row, row["threads"][threads], width))
        lines.append("")
    lines += [
        f"  {'':{width}} {'MB on disk':>10} {'partitions':>11} "
        f"{'difference':>11}",
        *(_describe_file(row, width) for row in rows),
        "",
        *_describe_profiles(rows, width),
        _describe_baselines(rows),
        "Times are of this machine and this moment; the ratios are of calls "
        "that took turns.",
    ]
    return lines


def _describe_row(row, cell, width):
    if cell["problem"]:
        return f"  {row['name']:{width}} not measured: {cell['problem']}"
    wall = {k: 1e3 * x for k, x in cell["wall_seconds"].items()}
    quartiles = f"{wall['lower_quartile']:.4g}-{wall['upper_quartile']:.4g}"
    return (
        f"  {row['name']:{width}} {cell['wall_speed']['median']:>10.2f} "
        f"{cell['cpu_speed']['median']:>9.2f} {wall['median']:>10.4g} "
        f"{quartiles:>15} {1e3 * cell['load_seconds']:>8.4g} "
        f"{_megabytes(cell['peak_memory_bytes']):>8}"
    )


def _describe_file(row, width):
    differences = [
        x["max_difference"]
        for x in row["threads"].values()
        if x.get("max_difference") is not None
    ]
    difference = f"{max(differences):.1e}" if differences else "-"
    partitions = "-" if row["partitions"] is None else row["partitions"]
    return (
        f"  {row['name']:{width}} {_megabytes(row['bytes']):>10} "
        f"{partitions:>11} {difference:>11}"
    )


def _describe_profiles(rows, width):
    lines = []
    for row in rows:
        if "profile_problem" in row:
            lines.append(
                f"  {row['name']:{width}} not profiled: "
                f"{row['profile_problem']}"
            )
        elif "profile" in row:
            shares = ", ".join(
                f"{x['operator']} {x['share']:.0%}"
                for x in row["profile"][:_NUM_OPERATORS]
            )
            lines.append(f"  {row['name']:{width}} {shares}")
    if lines:
        return ["Where the time goes, at 1 thread", *lines, ""]
    return []


def _describe_baselines(rows):
    names = dict.fromkeys(
        cell["baseline"]
        for row in rows
        for cell in row["threads"].values()
        if "baseline" in cell
    )
    if not names:
        return "Nothing was measured."
    return f"Ratios and differences are to {' and '.join(names)}."


def _megabytes(num_bytes):
    return "-" if num_bytes is None else f"{num_bytes / 1e6:.2f}"
