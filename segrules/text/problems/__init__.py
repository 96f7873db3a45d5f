"""The diagnostics by subject; importing the package registers every code.

A constructor is called as `problems.unknown_column(...)`. A new one is there without a further
word.
"""

from segrules.text.problems.agents import *  # noqa: F403
from segrules.text.problems.calibrations import *  # noqa: F403
from segrules.text.problems.cells import *  # noqa: F403
from segrules.text.problems.choice import *  # noqa: F403
from segrules.text.problems.compiling import *  # noqa: F403
from segrules.text.problems.data import *  # noqa: F403
from segrules.text.problems.decisions import *  # noqa: F403
from segrules.text.problems.doubts import *  # noqa: F403
from segrules.text.problems.effort import *  # noqa: F403
from segrules.text.problems.engines import *  # noqa: F403
from segrules.text.problems.excel import *  # noqa: F403
from segrules.text.problems.figures import *  # noqa: F403
from segrules.text.problems.funnels import *  # noqa: F403
from segrules.text.problems.gaps import *  # noqa: F403
from segrules.text.problems.governance import *  # noqa: F403
from segrules.text.problems.history import *  # noqa: F403
from segrules.text.problems.identity import *  # noqa: F403
from segrules.text.problems.inference import *  # noqa: F403
from segrules.text.problems.learned import *  # noqa: F403
from segrules.text.problems.levers import *  # noqa: F403
from segrules.text.problems.links import *  # noqa: F403
from segrules.text.problems.lives import *  # noqa: F403
from segrules.text.problems.living import *  # noqa: F403
from segrules.text.problems.names import *  # noqa: F403
from segrules.text.problems.page import *  # noqa: F403
from segrules.text.problems.past import *  # noqa: F403
from segrules.text.problems.patterns import *  # noqa: F403
from segrules.text.problems.populations import *  # noqa: F403
from segrules.text.problems.projection import *  # noqa: F403
from segrules.text.problems.queues import *  # noqa: F403
from segrules.text.problems.rows import *  # noqa: F403
from segrules.text.problems.segments import *  # noqa: F403
from segrules.text.problems.shadows import *  # noqa: F403
from segrules.text.problems.simulation import *  # noqa: F403
from segrules.text.problems.structure import *  # noqa: F403
from segrules.text.problems.syntax import *  # noqa: F403
from segrules.text.problems.testing import *  # noqa: F403
from segrules.text.problems.types import *  # noqa: F403
from segrules.text.problems.usage import *  # noqa: F403
from segrules.text.problems.value import *  # noqa: F403
from segrules.text.problems.values import *  # noqa: F403
