package order

import "github.com/yuncert/yuncert"

func checkOrderID(orderID int64) error {
	if orderID == 0 {
		return yuncert.Missing("OrderId")
	}
	return nil
}
