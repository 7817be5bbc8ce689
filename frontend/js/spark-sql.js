// The part of Spark SQL a feature may use, for colours and completion only: the server decides what is allowed.
import { SQLDialect } from "@codemirror/lang-sql";

export const Spark = SQLDialect.define({
  keywords:
    "select distinct from where group by having order asc desc nulls first last limit as and or not in is null like rlike between " +
    "case when then else end cast try_cast filter over partition rows range unbounded preceding following current row with union " +
    "all except intersect join inner left right full outer cross on using exists interval true false qualify lateral view explode",
  types: "bigint int double decimal string boolean date timestamp array struct map float",
  builtin:
    "sum avg count count_if min max stddev stddev_samp stddev_pop variance var_samp var_pop bool_and bool_or every some any max_by " +
    "min_by first_value last_value collect_list collect_set approx_count_distinct percentile median mode coalesce nullif ifnull " +
    "nvl if greatest least abs round floor ceil sqrt ln log exp pow power upper lower trim length substring concat concat_ws " +
    "split date_trunc datediff date_diff year month day hour minute second current_timestamp row_number rank dense_rank lag lead",
  identifierQuotes: "`",
  backslashEscapes: true,
  doubleQuotedStrings: true,
});
