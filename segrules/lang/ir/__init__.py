"""What the rules mean: every target reads this tree and nothing else.

INVARIANT: names are resolved, knobs are put in, types are checked.
"""

from segrules.lang.ir.calibration import *  # noqa: F403
from segrules.lang.ir.declarations import *  # noqa: F403
from segrules.lang.ir.expressions import *  # noqa: F403
from segrules.lang.ir.projection import *  # noqa: F403
from segrules.lang.ir.ruleset import *  # noqa: F403
from segrules.lang.ir.segments import *  # noqa: F403
