"""The diagnostics by subject; importing the package registers every code.

A constructor is called as `problems.unknown_column(...)`. A new one is there without a further
word.
"""

from segrules.text.problems.cells import *  # noqa: F403
from segrules.text.problems.choice import *  # noqa: F403
from segrules.text.problems.data import (
    column_lacking as column_lacking,
    damaged as damaged,
    empty_table as empty_table,
    folder_without_tables as folder_without_tables,
    heading_twice as heading_twice,
    key_missing as key_missing,
    key_twice as key_twice,
    missing_cells as missing_cells,
    no_data as no_data,
    no_folder as no_folder,
    no_header as no_header,
    no_mature_cohort as no_mature_cohort,
    no_such_file as no_such_file,
    not_a_table_file as not_a_table_file,
    not_declared as not_declared,
    not_numeric as not_numeric,
    not_permitted as not_permitted,
    not_written as not_written,
    other_table as other_table,
    out_is_folder as out_is_folder,
    over_input as over_input,
    several_tables as several_tables,
    stage_too_young as stage_too_young,
    surplus_cells as surplus_cells,
    table_not_utf8 as table_not_utf8,
    undeclared as undeclared,
    unknown_ending as unknown_ending,
    unknown_key as unknown_key,
    unreadable as unreadable,
    wrong_type as wrong_type,
)
from segrules.text.problems.doubts import *  # noqa: F403
from segrules.text.problems.names import *  # noqa: F403
from segrules.text.problems.projection import *  # noqa: F403
from segrules.text.problems.rows import *  # noqa: F403
from segrules.text.problems.segments import *  # noqa: F403
from segrules.text.problems.simulation import *  # noqa: F403
from segrules.text.problems.structure import *  # noqa: F403
from segrules.text.problems.syntax import *  # noqa: F403
from segrules.text.problems.types import *  # noqa: F403
from segrules.text.problems.usage import *  # noqa: F403
