"""What was written, as it was written: the formatter prints this tree, the checker reads it.

Names are unresolved, knobs are names, brackets are kept as `Group`. Nodes are frozen; spans take
no part in equality, so two texts of the same form are equal here.
"""

from segrules.lang.syntax.agents import *  # noqa: F403
from segrules.lang.syntax.cells import *  # noqa: F403
from segrules.lang.syntax.declarations import *  # noqa: F403
from segrules.lang.syntax.expressions import *  # noqa: F403
from segrules.lang.syntax.file import *  # noqa: F403
from segrules.lang.syntax.projection import *  # noqa: F403
from segrules.lang.syntax.segments import *  # noqa: F403
