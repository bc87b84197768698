import { matrix } from "./matrix.ts"

matrix({ mode: "memory", keepsState: false, concurrent: 10, pgvector: false })
matrix({ mode: "persistent", keepsState: true, concurrent: 10, pgvector: false })
