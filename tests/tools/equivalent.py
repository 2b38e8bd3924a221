"""Mutants that no test can kill, because they compute the same or are as right: each with why.

They are known by their room and by patterns that the changed line matches before and after.
"""

CLIPPED = "between the two bounds the factor that x is multiplied by is 0 in every precision"
CLOCK = "no two things happen at the same tick of the clock"
SIGN = "what is divided by -1 instead of 1 is a zero"
KEPT = "a reshape more, which changes nothing, or to a shape that broadcasts alike"
POWER = "any power of two that is near will do, and any at all where there is no largest magnitude"
REFUSED = "NumPy refuses the same subscripts, with the same error, when it counts letters"
IDENTITIES = "an identity for every letter gives the same numbers, slower"
POSITIVE = "sizes are not negative, and of none there is nothing to divide"
NUMBER = "of a number, the first new axis is the last"
VECTOR = "of a vector, the new axis behind the first is the last"
SLOW = "the way for any operands gives the same numbers, slower"

EQUIVALENT: dict[tuple[str, str, str], str] = {
    ("", r"strict=True", r"strict=False"): "the lengths agree; strict says so to the reader",
    ("ops.activations", r"clip\(x, -800", r"clip\(x, (- ?(799|801)\.0, 800|-800\.0, (799|801))"): (
        CLIPPED
    ),
    ("ops.activations", r"clip\(x, -40", r"clip\(x, (- ?(39|41)\.0, 40|-40\.0, (39|41))"): CLIPPED,
    ("ops.arithmetic", r"\(z \+ equal\(z, 0", r"\(z - equal"): SIGN,
    ("ops.arithmetic", r"is float or y", r"is float and y"): (
        "the rule for any exponent gives the same numbers, slower"
    ),
    ("ops.indexing", r"length = max\(0", r"max\( -1"): "one step back from outside is outside",
    ("ops.indexing", r"length \* \(n \+ 1\), n", r"length \* \(n \+ 0\), n"): (
        "less than a step before the end"
    ),
    ("ops.indexing", r"# nearly always", r"kind is slice and|is None and"): (
        "a short cut for what the rest of the function also leaves as it is"
    ),
    ("ops.joining", r"primal\(arrays\[0\]", r"primal\(arrays\[ -1"): "all have as many axes",
    ("ops.kinds", r"or x\.rank == 1", r"or x\.rank == 0"): "a Value becomes one again: same number",
    ("ops.linalg", r"expand_dims\(x, -1\)\)", r"expand_dims\(x, 1\)"): VECTOR,
    ("ops.linalg", r"expand_dims\(z_bar, -1 if", r"expand_dims\(z_bar, - ?0 if"): NUMBER,
    ("ops.norms", r"\(z \+ \(1\.0 - some\)\)", r"\(z - \(1\.0"): SIGN,
    ("ops.norms", r"if keepdims or axis is None", r"if keepdims and"): KEPT,
    ("ops.reductions", r"if keepdims or axis is None", r"if keepdims and"): KEPT,
    ("ops.scans", r"reshape\(x, -1\)\), 0", r"reshape\(x, - 2\)\), 0|\), ?-1"): (
        "NumPy takes any negative length for the one to find, and of one axis the first is the last"
    ),
    ("ops.shaping", r"reshape\(x, -1, order", r"reshape\(x, - 2, order"): (
        "NumPy takes any negative length for the one to find"
    ),
    (
        "ops.determinants",
        r"\*\* -0\.5\)\.any",
        r">= np\.finfo",
    ): "equal in no matrix anyone will meet",
    ("ops.solving", r"_solve\(a, expand_dims\(b, -1", r"expand_dims\(b, 1"): VECTOR,
    ("ops.spectral", r"d \+ \(1\.0 - apart\)", r"d - \(1\.0 - apart\)"): SIGN,
    ("ops.spectral", r"initial=0", r"initial= -1"): POSITIVE,
    ("ops.statistics", r"largest > 0", r"largest, (0|2)\)|largest (>=|> +-)|\| \(largest"): POWER,
    ("ops.statistics", r"exponent - 1", r"exponent - (0|2)|exponent \+ 1"): POWER,
    ("ops.statistics", r"initial=0\)", r"initial= -1"): POSITIVE,
    ("ops.subscripts", r"if min\(counts\) < 0", r"< -1|< 0 and len"): REFUSED,
    ("ops.subscripts", r"if c not in target", r"if not c not"): IDENTITIES,
    ("ops.triangular", r"\[-1\], dtype", r"\[- 2\], dtype"): "the matrices are square",
    ("ops.trigonometry", r"range\(1, 14", r"range\(1, 1[35]"): (
        "the last term is far below rounding, so that there are digits for higher orders"
    ),
    ("ops.trigonometry", r"greater\(_NEAR", r"greater_equal\(_NEAR"): "at 0.3 both ways are right",
    ("ops.trigonometry", r"inside, outside =", r"where\(near, x, -?1\.0|where\(near, [23]\.0, x"): (
        "what the other branch computes is not taken"
    ),
    ("scalar_steps", r"x_bar = y_bar = 0\.0", r"x_bar = y_bar = -? ?1\.0"): "never read: for mypy",
    ("scalar_steps", r"\.changed > node\.index", r"\.changed >= node\.index"): CLOCK,
    ("sweep", r"if record:", r"if not record:"): (
        "the functions of the table and those of NumPy take arrays and nodes alike"
    ),
    ("sweep", r"is np\.ndarray", r"is not np\.ndarray"): SLOW,
    ("sweep", r"if x\.rank == 1|node\.rank == 1 and node", r"rank == 0"): SLOW,
    ("sweep", r"default=0", r"default= ?-1"): "where there is no tangent there is none to carry",
    ("scalar_steps", r"if y\.__class__ is Operand", r"is not Operand"): SLOW,
    ("scalar_steps", r"> node\.index and", r"> node\.index or"): SLOW,
    ("scalar_steps", r"partial == 1\.0", r"partial == 2\.0"): "a product with 1 changes nothing",
}
"""By room (none: all of them), pattern before and pattern after."""
