import { matrix } from "./matrix.ts"

matrix({ mode: "distributed", keepsState: true, concurrent: 50, pgvector: true })
