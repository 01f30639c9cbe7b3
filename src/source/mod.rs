//! Wire protocol drivers: a rendered request becomes an answer.
