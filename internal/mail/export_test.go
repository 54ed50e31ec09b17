package mail

// NewSenderWith is NewSender with other roots to trust and another patience with a silent connection.
var NewSenderWith = newSender

// ParseAddress is what addresses are read with.
var ParseAddress = parseAddress
