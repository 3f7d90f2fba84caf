package memstore_test

import _ "github.com/yuncert/yuncert/internal/testutil" // for the flag -update
