package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

// client runs a case of the recording.
func client(host, name string) error {
	url, run := "mongodb://"+host+":27017/?directConnection=true&serverMonitoringMode=poll&appName=shop", cases[name]
	switch name {
	case "snappy", "zlib", "zstd":
		url, run = strings.Replace(url, "27017", "27018", 1)+"&compressors="+name, compressed
	case "login":
		url = strings.Replace(url, "mongodb://", "mongodb://alice:s3cret@", 1) + "&authMechanism=SCRAM-SHA-256"
	case "api":
		run = commands
	}
	if run == nil {
		return fmt.Errorf("no case %q", name)
	}
	o := options.Client().ApplyURI(url).SetTimeout(10 * time.Second).SetMaxPoolSize(1).SetRetryReads(false).SetRetryWrites(false)
	if name == "api" {
		o.SetServerAPIOptions(options.ServerAPI(options.ServerAPIVersion1))
	}
	ctx := context.Background()
	c, err := mongo.Connect(o)
	if err != nil {
		return err
	}
	defer c.Disconnect(ctx)
	run(ctx, c.Database("shop"))
	return nil
}

var cases = map[string]func(context.Context, *mongo.Database){
	"commands": commands, "cursors": cursors, "errors": refused, "login": login, "unacknowledged": silent,
}

// told prints what became of a step, to compare with.
func told(what string, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, what+":", err)
	}
}

func commands(ctx context.Context, db *mongo.Database) {
	orders := db.Collection("orders")
	_, err := orders.InsertOne(ctx, bson.D{{Key: "_id", Value: 1}, {Key: "card", Value: "4111-1111"}, {Key: "items", Value: bson.A{bson.D{{Key: "sku", Value: "nut"}}}}},
		options.InsertOne().SetComment("x-request-id=6f1c2a9e-insert"))
	told("insertOne", err)
	_, err = orders.InsertMany(ctx, []any{bson.D{{Key: "_id", Value: 2}, {Key: "n", Value: int64(7)}}, bson.D{{Key: "_id", Value: 3}, {Key: "at", Value: time.Unix(1700000000, 0)}}, bson.D{{Key: "_id", Value: 4}, {Key: "re", Value: bson.Regex{Pattern: "^a"}}}})
	told("insertMany", err)
	var found bson.D
	err = orders.FindOne(ctx, bson.D{{Key: "card", Value: "4111-1111"}}, options.FindOne().SetComment("traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'")).Decode(&found)
	told("findOne", err)
	_, err = orders.UpdateOne(ctx, bson.D{{Key: "_id", Value: 2}}, bson.D{{Key: "$set", Value: bson.D{{Key: "n", Value: 8}}}})
	told("updateOne", err)
	_, err = orders.UpdateMany(ctx, bson.D{}, bson.D{{Key: "$inc", Value: bson.D{{Key: "seen", Value: 1}}}})
	told("updateMany", err)
	err = orders.FindOneAndUpdate(ctx, bson.D{{Key: "_id", Value: 3}}, bson.D{{Key: "$set", Value: bson.D{{Key: "n", Value: 9}}}}).Err()
	told("findOneAndUpdate", err)
	_, err = orders.BulkWrite(ctx, []mongo.WriteModel{
		mongo.NewInsertOneModel().SetDocument(bson.D{{Key: "_id", Value: 10}}),
		mongo.NewUpdateOneModel().SetFilter(bson.D{{Key: "_id", Value: 10}}).SetUpdate(bson.D{{Key: "$set", Value: bson.D{{Key: "a", Value: "b"}}}}),
		mongo.NewReplaceOneModel().SetFilter(bson.D{{Key: "_id", Value: 11}}).SetReplacement(bson.D{{Key: "c", Value: 1}}).SetUpsert(true),
		mongo.NewDeleteManyModel().SetFilter(bson.D{{Key: "_id", Value: bson.D{{Key: "$gte", Value: 10}}}}),
	})
	told("bulkWrite", err)
	_, err = orders.CountDocuments(ctx, bson.D{{Key: "n", Value: bson.D{{Key: "$gt", Value: 1}}}})
	told("countDocuments", err)
	_, err = orders.EstimatedDocumentCount(ctx)
	told("count", err)
	told("distinct", orders.Distinct(ctx, "n", bson.D{}).Err())
	_, err = orders.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: bson.D{{Key: "n", Value: 1}}})
	told("createIndexes", err)
	_, err = db.ListCollectionNames(ctx, bson.D{})
	told("listCollections", err)
	_, err = orders.DeleteOne(ctx, bson.D{{Key: "_id", Value: 4}})
	told("delete", err)
	told("ping", db.RunCommand(ctx, bson.D{{Key: "ping", Value: 1}}).Err())
	told("drop", orders.Drop(ctx))
}

func cursors(ctx context.Context, db *mongo.Database) {
	lines := db.Collection("lines")
	var all []any
	for i := range 25 {
		all = append(all, bson.D{{Key: "_id", Value: i}, {Key: "text", Value: strings.Repeat("x", 40)}})
	}
	_, err := lines.InsertMany(ctx, all)
	told("insertMany", err)
	c, err := lines.Find(ctx, bson.D{}, options.Find().SetBatchSize(10).SetSort(bson.D{{Key: "_id", Value: 1}}))
	told("find", err)
	for c.Next(ctx) {
	}
	told("getMore", c.Err())
	c, err = lines.Find(ctx, bson.D{}, options.Find().SetBatchSize(3))
	told("find", err)
	c.Next(ctx)
	told("killCursors", c.Close(ctx))
	c, err = lines.Aggregate(ctx, mongo.Pipeline{{{Key: "$match", Value: bson.D{{Key: "_id", Value: bson.D{{Key: "$lt", Value: 20}}}}}}, {{Key: "$sort", Value: bson.D{{Key: "_id", Value: 1}}}}}, options.Aggregate().SetBatchSize(15))
	told("aggregate", err)
	for c.Next(ctx) {
	}
	told("getMore", c.Err())
	told("drop", db.Drop(ctx))
}

func refused(ctx context.Context, db *mongo.Database) {
	stock := db.Collection("stock")
	_, err := stock.InsertOne(ctx, bson.D{{Key: "_id", Value: "secret-part"}})
	told("insert", err)
	_, err = stock.InsertOne(ctx, bson.D{{Key: "_id", Value: "secret-part"}})
	told("duplicate key", err)
	_, err = stock.InsertMany(ctx, []any{bson.D{{Key: "_id", Value: "a"}}, bson.D{{Key: "_id", Value: "a"}}, bson.D{{Key: "_id", Value: "b"}}, bson.D{{Key: "_id", Value: "secret-part"}}}, options.InsertMany().SetOrdered(false))
	told("two duplicate keys", err)
	told("unknown command", db.RunCommand(ctx, bson.D{{Key: "noSuchCommand", Value: 1}}).Err())
	told("cursor not found", db.RunCommand(ctx, bson.D{{Key: "getMore", Value: int64(12345)}, {Key: "collection", Value: "stock"}}).Err())
	told("bad operator", stock.FindOne(ctx, bson.D{{Key: "a", Value: bson.D{{Key: "$nope", Value: 1}}}}).Err())
	told("bad namespace", db.Collection("a..b").FindOne(ctx, bson.D{}).Err())
	_, err = stock.UpdateOne(ctx, bson.D{}, bson.D{{Key: "$rename", Value: bson.D{{Key: "a", Value: "a"}}}})
	told("bad update", err)
	told("no index", stock.Indexes().DropOne(ctx, "none"))
	s, err := db.Client().StartSession()
	told("session", err)
	if err == nil {
		_, err = s.WithTransaction(ctx, func(ctx context.Context) (any, error) {
			return stock.InsertOne(ctx, bson.D{{Key: "_id", Value: "in transaction"}})
		})
		told("transaction", err)
		s.EndSession(ctx)
	}
	told("commit", db.Client().Database("admin").RunCommand(ctx, bson.D{{Key: "commitTransaction", Value: 1}}).Err())
	told("abort", db.Client().Database("admin").RunCommand(ctx, bson.D{{Key: "abortTransaction", Value: 1}}).Err())
	told("drop", stock.Drop(ctx))
}

func login(ctx context.Context, db *mongo.Database) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	told("login", db.RunCommand(ctx, bson.D{{Key: "ping", Value: 1}}).Err())
}

func silent(ctx context.Context, db *mongo.Database) {
	log := db.Collection("log", options.Collection().SetWriteConcern(writeconcern.Unacknowledged()))
	for i := range 3 {
		_, err := log.InsertOne(ctx, bson.D{{Key: "n", Value: i}})
		told("insert", err)
	}
	_, err := log.DeleteOne(ctx, bson.D{{Key: "n", Value: 0}})
	told("delete", err)
	told("ping", db.RunCommand(ctx, bson.D{{Key: "ping", Value: 1}}).Err())
}

func compressed(ctx context.Context, db *mongo.Database) {
	parts := db.Collection("parts")
	var all []any
	for i := range 40 {
		all = append(all, bson.D{{Key: "_id", Value: i}, {Key: "text", Value: strings.Repeat(fmt.Sprint("part ", i, " "), 20)}})
	}
	_, err := parts.InsertMany(ctx, all)
	told("insertMany", err)
	c, err := parts.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$lt", Value: 30}}}}, options.Find().SetBatchSize(20).SetComment("x-request-id=6f1c2a9e-find"))
	told("find", err)
	for c.Next(ctx) {
	}
	told("getMore", c.Err())
	_, err = parts.InsertOne(ctx, bson.D{{Key: "_id", Value: 1}})
	told("duplicate key", err)
	told("unknown command", db.RunCommand(ctx, bson.D{{Key: "noSuchCommand", Value: 1}}).Err())
	told("drop", parts.Drop(ctx))
}
