/**
 * List filters and what the Temporal dev server 1.29.1 answers, for the executions of {@link seeds}: the workflow ids in
 * their order, the counts, or the refusal. Those that it answers otherwise than this service are in {@link differing}.
 */

interface Seed {
  readonly id: string
  readonly type: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly terminated: boolean
}

export const attributeTypes = {
  CustomKeyword: "Keyword",
  CustomText: "Text",
  CustomInt: "Int",
  CustomDouble: "Double",
  CustomBool: "Bool",
  CustomDate: "Datetime",
  CustomList: "KeywordList"
} as const

export const seeds: readonly Seed[] = [
  {
    id: "a",
    type: "Alpha",
    attributes: {
      CustomKeyword: "red",
      CustomText: "The Quick brown fox",
      CustomInt: 1,
      CustomDouble: 1.5,
      CustomBool: true,
      CustomDate: "2020-01-01T00:00:00Z",
      CustomList: ["x", "y"]
    },
    terminated: false
  },
  {
    id: "b",
    type: "Alpha",
    attributes: {
      CustomKeyword: "Red",
      CustomText: "café crème, 12.5",
      CustomInt: 2,
      CustomDouble: -2,
      CustomBool: false,
      CustomDate: "2020-01-01T00:00:00.123456Z",
      CustomList: ["y z"]
    },
    terminated: true
  },
  {
    id: "c",
    type: "beta",
    attributes: {
      CustomKeyword: "10%_!",
      CustomText: 'it\'s-a "quoted" Text',
      CustomInt: -5,
      CustomList: ["X"]
    },
    terminated: false
  },
  {
    id: "d",
    type: "beta",
    attributes: { CustomKeyword: "5", CustomInt: 5, CustomDouble: 5, CustomList: ["5", "naïve"] },
    terminated: true
  },
  { id: "e", type: "gamma", attributes: {}, terminated: false },
  {
    id: "f",
    type: "123",
    attributes: { CustomKeyword: 'O\'Brien \\ "x"', CustomDate: "2021-06-01T12:00:00+02:00" },
    terminated: false
  }
]

/** Listings, as workflow ids. */
export const lists: readonly (readonly [query: string, answer: string])[] = [
  ["", "f,e,c,a,d,b"],
  ["CustomKeyword = 'red'", "a"],
  ["CustomKeyword != 'red'", "f,c,d,b"],
  ["NOT CustomKeyword = 'red'", "f,c,d,b"],
  ["CustomKeyword IN ('red', '5')", "a,d"],
  ["CustomKeyword NOT IN ('red', '5')", "f,c,b"],
  ["CustomKeyword STARTS_WITH '10%'", "c"],
  ["CustomKeyword = 5", "d"],
  ["CustomKeyword = 5.0", "d"],
  ["CustomKeyword > 'a'", "a"],
  ["CustomKeyword BETWEEN 'a' AND 'z'", "a"],
  ["CustomKeyword NOT BETWEEN 'a' AND 'z'", "f,c,d,b"],
  ["CustomKeyword IS NULL", "e"],
  ["CustomKeyword IS NOT NULL", "f,c,a,d,b"],
  ['CustomKeyword = "red"', "a"],
  ["`CustomKeyword` = 'red'", "a"],
  ["CustomKeyword = 'O\\'Brien \\\\\\\\ \"x\"'", ""],
  ["CustomText = 'quick'", "a"],
  ["CustomText = 'QUICK fox'", "a"],
  ["CustomText != 'quick'", "f,e,c,d,b"],
  ["CustomText = 'cafe'", "b"],
  ["CustomText = '12'", "b"],
  ["CustomText = 'it\\'s'", "c"],
  ["CustomText = 'its'", ""],
  ["CustomText = 'brown-fox'", "a"],
  ["CustomText = 'fox-brown'", ""],
  ["CustomText IS NULL", "f,e,d"],
  ["CustomText = 'Text'", "c"],
  ["CustomInt = 1", "a"],
  ["CustomInt = '1'", "a"],
  ["CustomInt = 'abc'", ""],
  ["CustomInt != 'abc'", "c,a,d,b"],
  ["CustomInt < 'abc'", "c,a,d,b"],
  ["CustomInt > 'abc'", ""],
  ["CustomInt = 1.0", "a"],
  ["CustomInt > 1.5", "d,b"],
  ["CustomInt >= -5", "c,a,d,b"],
  ["CustomInt = - 5", "c"],
  ["CustomInt BETWEEN 1 AND 5", "a,d,b"],
  ["CustomInt NOT BETWEEN 1 AND 2", "c,d"],
  ["CustomInt IN (1, 2)", "a,b"],
  ["CustomInt NOT IN (1, 2)", "c,d"],
  ["CustomInt STARTS_WITH '1'", "a"],
  ["CustomInt = true", "a"],
  ["CustomDouble = 1.5", "a"],
  ["CustomDouble = 5", "d"],
  ["CustomDouble < 0", "b"],
  ["CustomDouble = 1e0", ""],
  ["CustomDouble = .5e1", "d"],
  ["CustomBool = true", "a"],
  ["CustomBool = false", "b"],
  ["CustomBool = 'true'", ""],
  ["CustomBool = 1", "a"],
  ["CustomBool != true", "b"],
  ["CustomBool IN (true)", "a"],
  ["CustomBool > false", "a"],
  ["CustomDate = true", ""],
  ["CustomList = 'y'", "a"],
  ["CustomList IS NULL", "f,e"],
  ["CustomList = 'naive'", ""],
  ["CustomList IS NOT NULL", "c,a,d,b"],
  ["WorkflowType = 'Alpha'", "a,b"],
  ["WorkflowType = 123", "f"],
  ["WorkflowId = 'a'", "a"],
  ["WorkflowId IN ('a', 'b')", "a,b"],
  ["ScheduleId = 'a'", ""],
  ["ScheduleId STARTS_WITH 'a'", ""],
  ["ExecutionStatus = 'Running'", "f,e,c,a"],
  ["ExecutionStatus = 'WORKFLOW_EXECUTION_STATUS_RUNNING'", "f,e,c,a"],
  ["ExecutionStatus = 1", "f,e,c,a"],
  ["ExecutionStatus = true", "f,e,c,a"],
  ["ExecutionStatus IN ('Running', 'Terminated')", "f,e,c,a,d,b"],
  ["ExecutionStatus != 'Running'", "d,b"],
  ["ExecutionStatus BETWEEN 'Running' AND 'Completed'", "f,e,c,a"],
  ["ExecutionStatus > 'Running'", "d,b"],
  ["CloseTime IS NULL", "f,e,c,a"],
  ["CloseTime IS NOT NULL", "d,b"],
  ["CloseTime > '2020-01-01T00:00:00Z'", "f,e,c,a,d,b"],
  ["CloseTime < '2100-01-01T00:00:00Z'", "d,b"],
  ["StartTime > '2020-01-01T00:00:00Z'", "f,e,c,a,d,b"],
  ["StartTime BETWEEN '2020-01-01T00:00:00Z' AND '2100-01-01T00:00:00Z'", "f,e,c,a,d,b"],
  ["ExecutionDuration > 0", "d,b"],
  ["ExecutionDuration < '1h'", "d,b"],
  ["ExecutionDuration < '00:10:00'", "d,b"],
  ["ExecutionDuration IS NULL", "f,e,c,a"],
  ["HistoryLength > 0", "d,b"],
  ["HistoryLength IS NULL", "f,e,c,a"],
  ["StateTransitionCount > 0", "d,b"],
  ["HistorySizeBytes > 100", "d,b"],
  ["TaskQueue = 'q-beta'", "c,d"],
  ["ParentWorkflowId IS NULL", "f,e,c,a,d,b"],
  ["ParentWorkflowId = ''", ""],
  ["RootWorkflowId = 'a'", "a"],
  ["BuildIds = 'unversioned'", ""],
  ["TemporalChangeVersion IS NULL", "f,e,c,a,d,b"],
  ["TemporalNamespaceDivision IS NULL", "f,e,c,a,d,b"],
  ["TemporalNamespaceDivision = 'x'", ""],
  ["TemporalPauseInfo = 'x'", ""],
  ["WorkflowId = 'a' AND WorkflowType = 'Alpha'", "a"],
  ["WorkflowId = 'a' OR WorkflowId = 'b' AND WorkflowType = 'x'", "a"],
  ["(WorkflowId = 'a' OR WorkflowId = 'b') AND CustomInt = 2", "b"],
  ["not (WorkflowId = 'a' or WorkflowId = 'b')", "f,e,c,d"],
  ["NOT WorkflowId = 'a' AND NOT WorkflowId = 'b'", "f,e,c,d"],
  ["NOT NOT WorkflowId = 'a'", "a"],
  ["((WorkflowId = 'a'))", "a"],
  ["WorkflowId <> 'a'", "f,e,c,d,b"],
  ["WorkflowId = 'a' -- comment", "a"],
  ["WorkflowId = 'a' /* c */ AND CustomInt = 1", "a"],
  ["/* c */ WorkflowId = 'a'", "a"],
  ["WorkflowId = x'41'", ""],
  ["WorkflowId = 'a' && CustomInt = 1", "a"],
  ["WorkflowId = 'b' || CustomInt = 1", "a,b"],
  ["WorkflowId = 'ü'", ""],
  ["CustomKeyword = 'a\\nb'", ""],
  ["", "f,e,c,a,d,b"]
]

/** Listings that are refused with INVALID_ARGUMENT. */
export const refusedLists: readonly (readonly [query: string, answer: string])[] = [
  [
    "CustomKeyword STARTS_WITH 5",
    "invalid query: invalid expression: right-hand side of 'starts_with' must be a literal string (got: 5)"
  ],
  [
    "CustomKeyword IS TRUE",
    "invalid query: invalid expression: 'IS' operator can only be used with 'NULL' or 'NOT NULL'"
  ],
  [
    "CustomKeyword = `red`",
    "invalid query: operation is not supported: column name on the right side of comparison expression (did you forget to quote 'red'?)"
  ],
  [
    "CustomKeyword = red",
    "invalid query: operation is not supported: column name on the right side of comparison expression (did you forget to quote 'red'?)"
  ],
  [
    "CustomText = ''",
    "invalid query: invalid expression: unexpected value for Text type search attribute (no tokens found in '')"
  ],
  ["CustomText = 5", "invalid query: invalid expression: unexpected value type (expected string, got 5)"],
  [
    "CustomText IN ('quick')",
    "invalid query: invalid expression: operator 'in' not supported for Text type search attribute in `CustomText in ('quick')`"
  ],
  [
    "CustomText STARTS_WITH 'q'",
    "invalid query: invalid expression: operator 'starts_with' not supported for Text type search attribute in `CustomText starts_with 'q'`"
  ],
  [
    "CustomText > 'a'",
    "invalid query: invalid expression: operator '>' not supported for Text type search attribute in `CustomText > 'a'`"
  ],
  [
    "CustomText BETWEEN 'a' AND 'b'",
    "invalid query: invalid expression: cannot do range condition on search attribute 'CustomText' of type Text"
  ],
  ["CustomInt = --5", "invalid query: malformed SQL query: syntax error at position 43"],
  [
    "CustomInt STARTS_WITH 1",
    "invalid query: invalid expression: right-hand side of 'starts_with' must be a literal string (got: 1)"
  ],
  ["CustomInt = 0x5", "invalid expression: unable to parse 0x5"],
  ["CustomInt = 5abc", "invalid query: malformed SQL query: syntax error at position 41 near '5'"],
  ["CustomInt = NULL", "invalid query: invalid expression: unexpected value type *sqlparser.NullVal"],
  ["CustomDouble = -2.0", "invalid query: invalid expression: unexpected value type *sqlparser.UnaryExpr"],
  [
    "CustomBool BETWEEN true AND true",
    "invalid query: invalid expression: cannot do range condition on search attribute 'CustomBool' of type Bool"
  ],
  ["CustomBool", "invalid query: invalid expression: incomplete expression"],
  ["NOT CustomBool", "invalid query: invalid expression: incomplete expression"],
  ["CustomDate = '2020-01-01'", "invalid query: invalid expression: unable to parse datetime '2020-01-01'"],
  ["CustomDate = 'now'", "invalid query: invalid expression: unable to parse datetime 'now'"],
  [
    "CustomDate = 1.5",
    "invalid query: invalid expression: unexpected value type float64 for search attribute CustomDate"
  ],
  ["CustomDate STARTS_WITH '2020'", "invalid query: invalid expression: unable to parse datetime '2020'"],
  ["CustomList = 5", "invalid query: invalid expression: unexpected value type (expected string, got 5)"],
  [
    "CustomList IN (5)",
    "invalid query: invalid expression: unexpected value type in tuple (expected string, got 5)"
  ],
  [
    "CustomList > 'x'",
    "invalid query: invalid expression: operator '>' not supported for KeywordList type search attribute in `CustomList > 'x'`"
  ],
  [
    "CustomList BETWEEN 'a' AND 'b'",
    "invalid query: invalid expression: cannot do range condition on search attribute 'CustomList' of type KeywordList"
  ],
  [
    "CustomList STARTS_WITH 'x'",
    "invalid query: invalid expression: operator 'starts_with' not supported for KeywordList type search attribute in `CustomList starts_with 'x'`"
  ],
  [
    "ExecutionStatus = 'running'",
    "invalid query: invalid expression: invalid ExecutionStatus value 'running'"
  ],
  ["ExecutionStatus = 'Bogus'", "invalid query: invalid expression: invalid ExecutionStatus value 'Bogus'"],
  ["ExecutionStatus = '1'", "invalid query: invalid expression: invalid ExecutionStatus value '1'"],
  [
    "ExecutionStatus = 1.5",
    "invalid query: invalid expression: unexpected value type float64 for search attribute ExecutionStatus"
  ],
  [
    "ExecutionStatus STARTS_WITH 'Running'",
    "invalid query: invalid expression: right-hand side of 'starts_with' must be a literal string (got: 1)"
  ],
  [
    "CloseTime = missing",
    "invalid query: operation is not supported: column name on the right side of comparison expression (did you forget to quote 'missing'?)"
  ],
  ['StartTime > "bogus"', "invalid query: invalid expression: unable to parse datetime 'bogus'"],
  [
    "ExecutionDuration < '10x'",
    "invalid query: invalid value for search attribute ExecutionDuration: 10x (invalid duration)"
  ],
  [
    "NamespaceId = 'x'",
    "invalid query: invalid expression: column name 'NamespaceId' is not a valid search attribute"
  ],
  [
    "Keyword01 = 'x'",
    "invalid query: invalid expression: column name 'Keyword01' is not a valid search attribute"
  ],
  ["Foo = 'x'", "invalid query: invalid expression: column name 'Foo' is not a valid search attribute"],
  ["Memo = 'x'", "invalid query: invalid expression: column name 'Memo' is not a valid search attribute"],
  ["A.B = 'x'", "invalid query: invalid expression: column name 'A.B' is not a valid search attribute"],
  ["WorkflowId = ('a')", "invalid query: invalid expression: unexpected value type *sqlparser.ParenExpr"],
  ["WorkflowId IN 'a'", "invalid query: malformed SQL query: syntax error at position 45 near 'a'"],
  ["WorkflowId IN ()", "invalid query: malformed SQL query: syntax error at position 44"],
  [
    "WorkflowId LIKE 'a%'",
    "invalid query: invalid expression: invalid operator 'like' in `WorkflowId like 'a%'`"
  ],
  [
    "WorkflowId REGEXP 'a'",
    "invalid query: invalid expression: invalid operator 'regexp' in `WorkflowId regexp 'a'`"
  ],
  ["WorkflowId <=> 'a'", "invalid query: invalid expression: invalid operator '<=>' in `WorkflowId <=> 'a'`"],
  ["WorkflowId == 'a'", "invalid query: malformed SQL query: syntax error at position 41"],
  ["WorkflowId ! 'a'", "invalid query: malformed SQL query: syntax error at position 40"],
  ["WorkflowId = 'a' 'b'", "invalid query: malformed SQL query: syntax error at position 48 near 'b'"],
  ["WorkflowId = 'a", "invalid query: malformed SQL query: syntax error at position 43 near 'a'"],
  ['WorkflowId = "a', "invalid query: malformed SQL query: syntax error at position 43 near 'a'"],
  ["WorkflowId = `a", "invalid query: malformed SQL query: syntax error at position 43 near 'a'"],
  ["WorkflowId =", "invalid query: malformed SQL query: syntax error at position 40"],
  ["WorkflowId", "invalid query: invalid expression: incomplete expression"],
  ["= 'a'", "invalid query: malformed SQL query: syntax error at position 29"],
  ["'a' = WorkflowId", "invalid query: invalid expression: must be a column name but was *sqlparser.SQLVal"],
  ["1 = 1", "invalid query: invalid expression: must be a column name but was *sqlparser.SQLVal"],
  ["true", "invalid query: operation is not supported: expression of type sqlparser.BoolVal"],
  ["NULL", "invalid query: operation is not supported: expression of type *sqlparser.NullVal"],
  ["AND", "invalid query: malformed SQL query: syntax error at position 31 near 'and'"],
  ["WorkflowId = 'a' AND", "invalid query: malformed SQL query: syntax error at position 48"],
  [
    "WorkflowId = 'a' AND AND WorkflowId = 'b'",
    "invalid query: malformed SQL query: syntax error at position 52 near 'and'"
  ],
  ["(WorkflowId = 'a'", "invalid query: malformed SQL query: syntax error at position 45"],
  ["WorkflowId = 'a')", "invalid query: malformed SQL query: syntax error at position 45"],
  ["WorkflowId = 'a' LIMIT 5", "invalid query: operation is not supported: 'limit' clause"],
  [
    "WorkflowId = 'a' GROUP BY ExecutionStatus",
    "invalid query: operation is not supported: 'group by' clause"
  ],
  ["GROUP BY ExecutionStatus", "invalid query: operation is not supported: 'group by' clause"],
  [
    "WorkflowId = 'a'; DROP TABLE x",
    "invalid query: malformed SQL query: syntax error at position 50 near 'drop'"
  ],
  ["WorkflowId = upper('a')", "invalid query: operation is not supported: nested func"],
  [
    "upper(WorkflowId) = 'a'",
    "invalid query: invalid expression: must be a column name but was *sqlparser.FuncExpr"
  ],
  ["now() > 5", "invalid query: invalid expression: must be a column name but was *sqlparser.FuncExpr"],
  [
    "WorkflowId = CustomKeyword",
    "invalid query: operation is not supported: column name on the right side of comparison expression (did you forget to quote 'CustomKeyword'?)"
  ],
  [
    "WorkflowId + 1 = 2",
    "invalid query: invalid expression: must be a column name but was *sqlparser.BinaryExpr"
  ],
  ["WorkflowId = 1 + 1", "invalid query: invalid expression: unexpected value type *sqlparser.BinaryExpr"],
  [
    "WorkflowId = 'a' AND (SELECT 1)",
    "invalid query: operation is not supported: expression of type *sqlparser.Subquery"
  ],
  [
    "EXISTS (SELECT 1 FROM t)",
    "invalid query: operation is not supported: expression of type *sqlparser.ExistsExpr"
  ],
  [
    "WorkflowId IN (SELECT 1 FROM t)",
    "invalid query: invalid expression: unexpected value type *sqlparser.Subquery"
  ],
  ["WorkflowId = ?", "invalid expression: unable to parse :v1"],
  ["WorkflowId = :a", "invalid expression: unable to parse :a"],
  [
    "!WorkflowId = 'a'",
    "invalid query: invalid expression: must be a column name but was *sqlparser.UnaryExpr"
  ],
  ["StartTime = 'a' AND Foo = 'b'", "invalid query: invalid expression: unable to parse datetime 'a'"],
  ["select * from x", "invalid query: malformed SQL query: syntax error at position 34 near 'select'"],
  ["WHERE WorkflowId = 'a'", "invalid query: malformed SQL query: syntax error at position 33 near 'where'"],
  ["status = 'x'", "invalid query: invalid expression: column name 'status' is not a valid search attribute"],
  [
    "CustomKeyword = 'a' IS NULL",
    "invalid query: invalid expression: must be a column name but was *sqlparser.ComparisonExpr"
  ],
  ["WorkflowId BETWEEN 'a' AND", "invalid query: malformed SQL query: syntax error at position 54"],
  [
    "WorkflowId BETWEEN 'a' OR 'b'",
    "invalid query: malformed SQL query: syntax error at position 53 near 'or'"
  ],
  ["WorkflowId NOT 'a'", "invalid query: malformed SQL query: syntax error at position 46 near 'a'"],
  ["WorkflowId IS 'a'", "invalid query: malformed SQL query: syntax error at position 45 near 'a'"],
  ["WorkflowId IS NOT 'a'", "invalid query: malformed SQL query: syntax error at position 49 near 'a'"],
  ["order = 'x'", "invalid query: malformed SQL query: syntax error at position 33 near 'order'"],
  [
    "workflowid = 'a'",
    "invalid query: invalid expression: column name 'workflowid' is not a valid search attribute"
  ],
  [
    "WORKFLOWID = 'a'",
    "invalid query: invalid expression: column name 'WORKFLOWID' is not a valid search attribute"
  ],
  [
    "customkeyword = 'red'",
    "invalid query: invalid expression: column name 'customkeyword' is not a valid search attribute"
  ],
  ["WorkflowId = 'a' $", "invalid query: malformed SQL query: syntax error at position 46 near '$'"],
  ["WorkflowId STARTS_WITH", "invalid query: malformed SQL query: syntax error at position 50"],
  [
    "WorkflowId = 'a' AND 'b'",
    "invalid query: operation is not supported: expression of type *sqlparser.SQLVal"
  ],
  [
    "WorkflowId = 'a' AND 5",
    "invalid query: operation is not supported: expression of type *sqlparser.SQLVal"
  ],
  [
    "WorkflowId = case when 1 then 2 end",
    "invalid query: invalid expression: unexpected value type *sqlparser.CaseExpr"
  ]
]

/** Counts, and those of groups. */
export const counts: readonly (readonly [query: string, answer: string])[] = [
  ["", "6"],
  ["GROUP BY ExecutionStatus", '6 "Running"/Keyword=4 "Terminated"/Keyword=2'],
  ["CustomInt > 0", "3"],
  ["CustomInt > 0 GROUP BY ExecutionStatus", '3 "Running"/Keyword=1 "Terminated"/Keyword=2'],
  ["WorkflowId = 'x' GROUP BY ExecutionStatus", "0"]
]

/** Counts that are refused with INVALID_ARGUMENT. */
export const refusedCounts: readonly (readonly [query: string, answer: string])[] = [
  [
    "GROUP BY WorkflowType",
    "invalid query: operation is not supported: 'group by' clause is only supported for ExecutionStatus search attribute"
  ],
  ["GROUP BY Foo", "invalid query: invalid expression: column name 'Foo' is not a valid search attribute"],
  [
    "GROUP BY ExecutionStatus, WorkflowType",
    "invalid query: operation is not supported: 'group by' clause supports only a single field"
  ],
  [
    "GROUP BY ExecutionStatus ORDER BY ExecutionStatus",
    "invalid query: operation is not supported: 'order by' clause"
  ],
  ["ORDER BY StartTime", "invalid query: operation is not supported: 'order by' clause"],
  ["Foo = 1", "invalid query: invalid expression: column name 'Foo' is not a valid search attribute"],
  ["group by", "invalid query: malformed SQL query: syntax error at position 30"],
  ["group ExecutionStatus", "invalid query: malformed SQL query: syntax error at position 33 near 'group'"]
]

/**
 * Where this service differs, on purpose: prefixes and keywords in lists are compared with their case, as servers on
 * PostgreSQL and Elasticsearch do; times and texts with quotes are found by what they are; ORDER BY works.
 */
export const differing: readonly (readonly [query: string, answer: string, devServer: string])[] = [
  ["CustomKeyword STARTS_WITH 're'", "a", "a,b"],
  ["CustomKeyword STARTS_WITH 'RE'", "", "a,b"],
  ["CustomKeyword NOT STARTS_WITH 're'", "f,c,d,b", "f,c,d"],
  ["CustomKeyword = 'O''Brien \\\\ \"x\"'", "f", ""],
  ['CustomKeyword = "O\'Brien \\\\ \\"x\\""', "f", ""],
  ["CustomDate = '2020-01-01T00:00:00Z'", "a", ""],
  ["CustomDate = '2020-01-01T00:00:00.123Z'", "", "b"],
  ["CustomDate = '2020-01-01T00:00:00.123456Z'", "b", ""],
  ["CustomDate > '2020-01-01T00:00:00Z'", "f,b", "f,a,b"],
  ["CustomDate = '2021-06-01T10:00:00Z'", "f", ""],
  ["CustomDate = 1577836800000000000", "a", ""],
  ["CustomDate IN ('2020-01-01T00:00:00Z')", "a", ""],
  ["CustomList = 'x'", "a", "c,a"],
  ["CustomList = 'X'", "c", "c,a"],
  ["CustomList != 'x'", "f,e,c,d,b", "f,e,d,b"],
  ["CustomList IN ('x', '5')", "a,d", "c,a,d"],
  ["CustomList NOT IN ('x', '5')", "f,e,c,b", "f,e,b"],
  ["WorkflowId STARTS_WITH 'A'", "", "a"],
  [
    "TemporalReportedProblems = 'x'",
    "",
    "3 invalid query: invalid expression: column name 'TemporalReportedProblems' is not a valid search attribute"
  ],
  [
    "WorkflowId = ('a', 'b')",
    "3 invalid query: invalid expression: unexpected value type sqlparser.ValTuple",
    "14 ListWorkflowExecutions operation failed. Select failed: SQL logic error: row value misused (1)"
  ],
  [
    "WorkflowId = 'a' ORDER BY StartTime",
    "a",
    "3 invalid query: operation is not supported: 'order by' clause"
  ],
  [
    "ORDER BY StartTime DESC",
    "f,e,d,c,b,a",
    "3 invalid query: operation is not supported: 'order by' clause"
  ],
  [
    "ORDER BY Foo",
    "3 invalid query: invalid expression: column name 'Foo' is not a valid search attribute",
    "3 invalid query: operation is not supported: 'order by' clause"
  ]
]
