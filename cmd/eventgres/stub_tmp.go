package main

type importCommand struct{}

func (importCommand) Run() error { return nil }

type exportCommand struct{}

func (exportCommand) Run() error { return nil }

type sampleCommand struct{}

func (sampleCommand) Run() error { return nil }

func shopEvents() []line { return nil }
